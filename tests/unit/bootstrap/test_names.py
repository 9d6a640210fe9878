"""Fallbacks, pins and modes of the resolver, by the settings and the document."""

from types import SimpleNamespace

import pytest

from controller.bootstrap.names import (
    ConfirmedFallbacks,
    declared_fallbacks,
    mlflow_fallback,
    resolver_for,
)
from controller.core.dns.answers import Source
from controller.core.dns.rollout import Consumer, ResolverMode
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import RefusedError
from controller.kinds.endpoint.spec import EndpointSpec
from controller.settings import Settings
from controller.store.fallbacks import StoredFallbacks
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store

URI = "http://mlflow.internal:5000"


def document(**endpoints):
    resources = {}
    for name, fields in endpoints.items():
        id_ = ResourceId("endpoint", name)
        spec = EndpointSpec.model_validate({"port": 5000, **fields})
        resources[id_] = Resource(id_, spec)
    platform = SimpleNamespace(mlflow_prefix="")
    return SimpleNamespace(resources=resources, platform=platform)


def test_mlflow_fallback_ip_is_for_the_host_of_the_url_only():
    settings = Settings.read({"MLFLOW_FALLBACK_IP": "10.0.1.221, ::1"})

    assert mlflow_fallback(URI, settings) == {"mlflow.internal": ("10.0.1.221", "::1")}
    assert mlflow_fallback(None, settings) == {}
    assert mlflow_fallback(URI, Settings()) == {}


def test_it_applies_to_mlflow_tracking_uri_without_an_endpoint():
    settings = Settings.read(
        {"MLFLOW_FALLBACK_IP": "10.0.1.221", "MLFLOW_TRACKING_URI": URI}
    )

    found = declared_fallbacks(document(), settings, {})

    assert found == {"mlflow.internal": ("10.0.1.221",)}


def test_an_endpoint_declares_the_variable_of_its_fallback():
    declared = document(
        auth={"host": "Auth.internal.", "fallback": {"env": "AUTH_FALLBACK_IP"}},
        api={"host": "api.internal", "fallback": {"env": "API_FALLBACK_IP"}},
    )

    found = declared_fallbacks(
        declared, Settings(), {"AUTH_FALLBACK_IP": "10.0.0.1,10.0.0.2"}
    )

    assert found == {"auth.internal": ("10.0.0.1", "10.0.0.2")}


def test_a_declared_fallback_that_is_no_address_is_refused():
    declared = document(
        auth={"host": "auth.internal", "fallback": {"env": "AUTH_FALLBACK_IP"}}
    )

    with pytest.raises(RefusedError, match="AUTH_FALLBACK_IP is not an IP address"):
        declared_fallbacks(declared, Settings(), {"AUTH_FALLBACK_IP": "auth.internal"})


@pytest.mark.parametrize(
    ("variable", "text", "problem"),
    [
        ("MLFLOW_FALLBACK_IP", "mlflow", "is not an IP address"),
        ("HOKUSAI_DNS_MODE", "maybe", "is not one of off, observe, on"),
        ("HOKUSAI_DNS_PINS", "a=b", "is not an IP address"),
        ("DNS_MAX_STALE", "x", "is not a whole number"),
    ],
)
def test_a_mistake_in_a_variable_names_it(variable, text, problem):
    with pytest.raises(RefusedError, match=rf"{variable} .*{problem}"):
        Settings.read({variable: text})


def named(settings, consumer=Consumer.API):
    clock = StoppedClock()
    kept = StoredFallbacks(empty_store(clock))
    return resolver_for(consumer, settings, clock, kept)


def test_each_consumer_has_its_mode():
    settings = Settings.read({"HOKUSAI_DNS_MODE": "on,webhooks=observe"})

    assert named(settings).mode is ResolverMode.ON
    assert named(settings, Consumer.WEBHOOKS).mode is ResolverMode.OBSERVE
    assert named(Settings()).mode is ResolverMode.ON


def test_pins_of_the_environment_and_of_a_file_are_used(tmp_path):
    file = tmp_path / "hosts"
    file.write_text("10.0.0.2 api.internal\n")
    settings = Settings.read(
        {
            "HOKUSAI_DNS_PINS": "mlflow.internal=10.0.0.1",
            "HOKUSAI_DNS_PINS_FILE": str(file),
        }
    )

    names = named(settings)

    found = names.resolve("mlflow.internal:5000")
    assert (found.addresses, found.source) == (("10.0.0.1",), Source.PIN)
    assert names.addresses("api.internal") == ("10.0.0.2",)


def test_a_file_of_pins_with_a_mistake_is_refused_at_the_start(tmp_path):
    file = tmp_path / "hosts"
    file.write_text("10.0.0.1 a.internal\n10.0.0.300 b.internal\n")
    settings = Settings.read({"HOKUSAI_DNS_PINS_FILE": str(file)})

    with pytest.raises(RefusedError, match=r"hosts:2: '10\.0\.0\.300' is not an IP"):
        named(settings)


def test_the_controller_confirms_addresses_and_keeps_none():
    clock = StoppedClock()
    stored = StoredFallbacks(empty_store(clock))
    stored.keep("mlflow.internal", ["10.0.0.1"])
    clock.forward(7_200)
    confirmed = ConfirmedFallbacks(stored)

    confirmed.keep("mlflow.internal", ["10.0.0.9"])
    assert confirmed.last_good("mlflow.internal").at == NOON
    confirmed.keep("api.internal", ["10.0.0.9"])
    assert confirmed.last_good("api.internal") is None
    confirmed.keep("mlflow.internal", ["10.0.0.1"])

    kept = confirmed.last_good("mlflow.internal")
    assert kept.addresses == ("10.0.0.1",)
    assert kept.at == clock.now()
