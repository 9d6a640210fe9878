"""Links that go down under a name server and under the host of an endpoint."""

from contextlib import ExitStack, contextmanager

import pytest

from controller.clients.clock import SystemClock
from controller.clients.probe import Probe
from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.observation import Unknown
from controller.core.resources.plan import Action, Reason, Verb
from controller.kinds.endpoint import KIND
from controller.kinds.endpoint.driver import EndpointDriver
from controller.kinds.endpoint.spec import KEPT, EndpointSpec
from controller.resolver import Resolver, Source
from controller.store.database import Database
from controller.store.fallbacks import StoredFallbacks
from tests.builders.namespaces import linked_namespace
from tests.builders.waiting import eventually

ID, HOST = ResourceId("endpoint", "mlflow"), "mlflow.test"
NAME_SERVER = """
import sys, threading
from tests.fakes.chaos_dns import ChaosDns
with ChaosDns(sys.argv[2], ttl=1, host=sys.argv[1]) as server:
    print(server.address[1], flush=True)
    threading.Event().wait()
"""
WEB_SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words):
        pass
server = ThreadingHTTPServer((sys.argv[1], 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


class World:
    """A name server and a host, each behind a link, and an endpoint at the host."""

    def __init__(self, dns, host, name_server, port, database):
        self.dns, self.host = dns, host
        self.fallbacks = StoredFallbacks(database)
        self.resolver = Resolver(
            self.fallbacks,
            SystemClock(),
            nameserver=(dns.there, name_server),
            timeout=0.5,
            persist=False,
        )
        self.spec = EndpointSpec.model_validate(
            {"host": HOST, "port": port, "probe": {"path": "/", "status": [200]}}
        )
        self.driver = EndpointDriver(self.resolver, self.fallbacks, None, Probe(0.5))

    def passed(self):
        """Observe the endpoint, carry out the changes, and return the state.

        None if DNS does not answer and no address is known.
        """
        found = self.driver.observe({ID: Resource(ID, self.spec)})[ID]
        if isinstance(found, Unknown):
            return None
        state = found.state
        changes = tuple(KIND.compare(self.spec, state))
        if changes:
            action = Action(ID, Verb.UPDATE, Reason.DRIFTED, changes, self.spec, state)
            self.driver.apply(action)
        return state

    def health(self):
        state = self.passed()
        return None if state is None else KIND.health(self.spec, state).reason

    def kept(self):
        found = self.fallbacks.last_good(HOST)
        return None if found is None else found.addresses


@contextmanager
def serving(namespace, program, *words):
    """Run a server in a namespace; yield its port."""
    with namespace.running(program, namespace.there, *words) as process:
        yield int(process.stdout.readline())


@pytest.fixture
def world(tmp_path):
    with ExitStack() as closing:
        dns = closing.enter_context(linked_namespace("ns", 205))
        host = closing.enter_context(linked_namespace("ho", 206))
        database = Database(f"sqlite:///{tmp_path}/store.db", SystemClock())
        database.upgrade()
        closing.callback(database.close)
        name_server = closing.enter_context(serving(dns, NAME_SERVER, host.there))
        port = closing.enter_context(serving(host, WEB_SERVER))
        found = World(dns, host, name_server, port, database)
        eventually(found.health, lambda reason: reason == "Answering")
        assert found.kept() == (host.there,)
        yield found


def test_a_known_name_outlives_the_link_of_its_name_server(world):
    world.dns.link("down")

    state = world.passed()

    assert (state.addresses, state.source) == ((world.host.there,), "stale")
    assert (state.live, state.problem) == (False, "")
    assert world.health() in {"Stale", "RepeatedFailures"}
    assert world.resolver.resolve(HOST).source in {Source.FRESH, Source.STALE}
    assert world.kept() == (world.host.there,)

    world.dns.link("up")
    eventually(world.health, lambda reason: reason == "Answering")


def test_a_host_without_a_link_is_a_failed_probe_whose_address_stays_kept(world):
    world.host.link("down")

    state = world.passed()

    assert (state.addresses, state.live) == ((world.host.there,), True)
    assert state.problem.startswith("GET / failed, expected 200: no ")
    assert state.answering == frozenset()
    assert KEPT not in [c.path for c in KIND.compare(world.spec, state)]
    assert world.kept() == (world.host.there,)

    world.host.link("up")
    eventually(world.health, lambda reason: reason == "Answering")


def test_both_links_may_go_and_come_back_in_any_order(world):
    links = (world.dns, world.host)
    for back in (links, links[::-1]):
        for link in links:
            link.link("down")
        assert world.health() == "ProbeFailed"
        assert world.kept() == (world.host.there,)

        back[0].link("up")
        still = {"ProbeFailed"} if back[0] is world.dns else {"Stale"}
        still |= {"RepeatedFailures"} if back[0] is world.host else set()
        eventually(world.health, lambda reason, still=still: reason in still)
        back[1].link("up")

        eventually(world.health, lambda reason: reason == "Answering")
        assert world.kept() == (world.host.there,)


def test_a_process_that_starts_without_its_name_server_uses_the_kept_address(world):
    world.dns.link("down")
    started = Resolver(
        world.fallbacks,
        SystemClock(),
        nameserver=(world.dns.there, 53),
        timeout=0.5,
        persist=False,
    )

    found = started.resolve(HOST)

    assert (found.addresses, found.source) == ((world.host.there,), Source.STALE)
