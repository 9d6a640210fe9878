"""The endpoint driver carries out the changes it knows, each in its own way."""

import ssl
from typing import NamedTuple

import pytest

from controller.core.dns.health import NameReport
from controller.core.dns.pins import Pin
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import NotFoundError, PermanentError, TransientError
from controller.core.resources.plan import Action, Change, Reason, Verb
from controller.kinds.endpoint.driver import MLFLOW, EndpointDriver
from controller.kinds.endpoint.spec import EndpointSpec, ProbeSpec
from controller.kinds.endpoint.state import EndpointState
from tests.fakes.inline import InlinePool
from tests.fakes.sim_net import SimulatedProbe

SPEC = EndpointSpec.model_validate(
    {
        "host": "mlflow.hokusai-local.local",
        "port": 5000,
        "fallback": {"env": "MLFLOW_FALLBACK_IP", "publish": {"ssm": "/mlflow/ip"}},
    }
)
STATE = EndpointState(("127.0.0.3",), kept=("127.0.0.2",), published=("127.0.0.2",))


class Resolution(NamedTuple):
    """Addresses of a host, and their source."""

    addresses: tuple[str, ...]
    source: str


class Backends:
    """Keeps what is written."""

    def __init__(self):
        self.kept, self.published = [], []

    def keep(self, _host, addresses):
        self.kept.append(addresses)

    def call(self, _service, operation, /, **asked):
        if operation == "GetParameter":
            return {"Parameter": {"Value": "127.0.0.2"}}
        self.published.append(asked["Value"])
        return {}


def apply(*changes):
    """Apply ``changes`` and return what was written."""
    written = Backends()
    driver = EndpointDriver(None, written, written, None)
    action = Action(
        ResourceId("endpoint", "mlflow"),
        Verb.UPDATE,
        Reason.DRIFTED,
        changes,
        SPEC,
        STATE,
    )
    driver.apply(action)
    return written


def test_a_kept_address_is_not_published():
    written = apply(Change("fallback.kept", ["127.0.0.2"], ["127.0.0.3"]))

    assert written.kept == [("127.0.0.3",)]
    assert written.published == []


def test_a_published_address_is_not_kept():
    written = apply(
        Change("fallback.published", ["127.0.0.2"], ["127.0.0.3", "127.0.0.4"])
    )

    assert written.published == ["127.0.0.3,127.0.0.4"]
    assert written.kept == []


def test_a_change_that_the_driver_does_not_know_is_refused():
    with pytest.raises(PermanentError, match=r"fallback\.pinned"):
        apply(Change("fallback.pinned", None, "127.0.0.9"))


def test_only_the_endpoint_with_a_context_is_checked_with_it():
    context = ssl.create_default_context()
    checked = {}

    class Probing(SimulatedProbe):
        def request(self, url, address, *, context, **_how):
            checked[url] = context
            return ""

    class Resolving:
        def refresh(self, _host):
            return Resolution(("127.0.0.1",), "dns")

        def report(self, _host):
            return NameReport()

    driver = EndpointDriver(
        Resolving(), None, None, Probing(), contexts={MLFLOW: context}
    )
    declared = {
        id_: Resource(
            id_,
            EndpointSpec.model_validate(
                {
                    "host": f"{id_.name}.internal",
                    "port": 443,
                    "protocol": "https",
                    "probe": {"path": "/health"},
                }
            ),
            "v1:0",
        )
        for id_ in (MLFLOW, ResourceId("endpoint", "api"))
    }

    driver.observe(declared)

    assert checked == {
        "https://mlflow.internal:443/health": context,
        "https://api.internal:443/health": None,
    }


class Pinned:
    """Names that are pinned, with a DNS that answers or fails."""

    def __init__(self, answer):
        self.answer = answer

    def refresh(self, host):
        if isinstance(self.answer, Exception):
            raise self.answer
        return Resolution(self.answer, "dns")

    def report(self, host):
        return NameReport(pin=Pin(host, ("10.0.0.9",)))


def pinned(answer):
    """Return the state of a pinned endpoint, and the addresses that were probed."""
    probed = []

    class Probing(SimulatedProbe):
        def request(self, url, address, **_how):
            probed.append(address)
            return ""

    driver = EndpointDriver(Pinned(answer), None, None, Probing(), parallel=InlinePool)
    spec = EndpointSpec(
        host="mlflow.internal", port=5000, probe=ProbeSpec(path="/health")
    )
    found = driver.observe({MLFLOW: Resource(MLFLOW, spec)})[MLFLOW]
    return found.state, probed


def test_the_address_of_a_pin_is_probed_and_that_of_dns_is_kept():
    state, probed = pinned(("10.0.0.1",))

    assert probed == ["10.0.0.9"]
    assert (state.addresses, state.live) == (("10.0.0.1",), True)


@pytest.mark.parametrize("error", [NotFoundError("gone"), TransientError("silence")])
def test_a_pin_replaces_a_dns_that_fails_but_is_not_kept(error):
    state, probed = pinned(error)

    assert probed == ["10.0.0.9"]
    assert (state.addresses, state.live) == (("10.0.0.9",), False)
