"""A webhook target in a private network, from the document to its receiver."""

import asyncio
from types import SimpleNamespace

import pytest

from controller.bootstrap.deliveries import DeclaredTargets, delivery_sender
from controller.core.document.resource import Resource, ResourceId
from controller.core.webhooks.answers import Answered, NotPermitted
from controller.emulation.dns import DnsServer
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.webhook.spec import WebhookSpec
from controller.settings import Settings
from controller.store.dns_pins import StoredPins
from controller.store.fallbacks import StoredFallbacks
from tests.builders.http_receiver import answering, receiver
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

ZONE = "hokusai-development.local"
HOST = f"api.{ZONE}"


@pytest.fixture
def names():
    return {HOST: ["127.0.0.2"]}


@pytest.fixture
def nameserver(names):
    with DnsServer(names.get, [ZONE]) as server:
        yield server


def declared(port, settings, environment, **fields):
    """Return the delivery settings of a target at the host of an endpoint."""
    spec = WebhookSpec.model_validate(
        {"url": f"http://{HOST}:{port}/hook", "secrets": [{"env": "KEY"}], **fields}
    )
    specs = {
        ResourceId("webhook", "site"): spec,
        ResourceId("endpoint", "api"): EndpointSpec(host=HOST, port=8001),
    }
    document = SimpleNamespace(
        resources={id_: Resource(id_, spec) for id_, spec in specs.items()},
        platform=SimpleNamespace(environment=environment),
    )
    return DeclaredTargets(lambda: document, str, settings).targets()["site"]


def send(nameserver, environment="local", restarts_without_dns=False, **fields):
    """Send one request as `run` does, and return the answer and the receiver."""
    clock = StoppedClock()
    store = empty_store(clock)
    kept = StoredFallbacks(store)
    kept.keep(HOST, ["127.0.0.2"] if restarts_without_dns else [])
    stored = SimpleNamespace(fallbacks=kept, pins=StoredPins(store))
    settings = Settings(dns_server=nameserver, dns_timeout=1)

    async def post():
        async with (
            receiver(answering(200), host="127.0.0.2") as there,
            delivery_sender(settings, stored, clock) as sender,
        ):
            target = declared(there.port, settings, environment, **fields)
            send = sender.send(target.url, {}, b"{}", 5, target.permitted)
            return await send, there

    return asyncio.run(post())


def test_the_name_of_an_endpoint_is_found_by_the_name_server(nameserver):
    answer, there = send(nameserver.address)

    assert answer == Answered(200)
    assert len(there.requests) == 1


def test_the_last_good_address_is_used_while_dns_fails(nameserver):
    nameserver.stop()

    answer, _ = send(nameserver.address, restarts_without_dns=True)

    assert answer == Answered(200)


def test_a_network_that_is_not_declared_gets_nothing(nameserver):
    answer, there = send(nameserver.address, environment="development")

    assert isinstance(answer, NotPermitted)
    assert "127.0.0.2 is a loopback address" in answer.reason
    assert there.requests == []


def test_a_declared_network_is_delivered_to(nameserver):
    networks = ["127.0.0.2/32"]

    answer, _ = send(nameserver.address, "development", allow_networks=networks)

    assert answer == Answered(200)
