"""A probe that carries a key, as clients do; and a key that is told to nobody."""

from controller.core.dns.health import NameReport
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import NotFoundError
from controller.kinds.endpoint.driver import EndpointDriver
from controller.kinds.endpoint.spec import EndpointSpec
from tests.fakes.inline import InlinePool
from tests.fakes.sim_net import SimulatedProbe

ID, KEY = ResourceId("endpoint", "registry"), "canary-71b2"
SPEC = EndpointSpec.model_validate(
    {
        "host": "registry.hokus.ai",
        "port": 443,
        "protocol": "https",
        "probe": {"path": "/health", "key": {"env": "HOKUSAI_PROBE_KEY"}},
    }
)


class Answer:
    addresses = ("203.0.113.7",)
    source = "dns"


class Dns:
    def refresh(self, host):
        return Answer()

    def report(self, host):
        return NameReport()


class Shown(SimulatedProbe):
    """A probe that remembers which key it was given."""

    def __init__(self):
        super().__init__()
        self.keys = []

    def request(self, url, address, *, key=None, **_how):
        self.keys.append(key)
        return ""


def looked(probe, secret):
    driver = EndpointDriver(
        Dns(), None, None, probe, parallel=InlinePool, secret=secret
    )
    return driver.observe({ID: Resource(ID, SPEC)})[ID].state


def test_the_key_is_shown_to_the_server():
    probe = Shown()

    state = looked(probe, lambda reference: KEY)

    assert (probe.keys, state.problem) == ([KEY], "")
    assert KEY not in repr(state)


def test_a_key_that_cannot_be_read_is_a_problem_and_nothing_is_asked():
    def missing(reference):
        message = f"{reference} is not set"
        raise NotFoundError(message)

    for secret in (missing, None):
        probe = Shown()
        state = looked(probe, secret)
        assert state.problem.startswith("the key of the probe could not be read: env:")
        assert probe.keys == []
