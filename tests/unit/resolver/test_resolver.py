"""Names resolve from the cache while it is fresh, and while DNS fails."""

import threading

import pytest

from controller.core.errors import NotFoundError, TransientError
from controller.resolver import Resolver, Source
from controller.resolver.resolution import Found, Missing, NoAnswer
from tests.fakes.stopped_clock import StoppedClock

HOST = "mlflow.hokusai-development.local"
HERE = Found(("10.0.1.42",), 60)
MOVED = Found(("10.0.1.99",), 60)
TIMEOUT = NoAnswer("no name server answered within 1 s")
GONE = Missing(f"{HOST} does not exist")


class Memory:
    """Last good addresses, in memory; may fail."""

    def __init__(self, *, good=(), fails=False):
        self.stored = {HOST: good} if good else {}
        self.fails = fails

    def last_good(self, host):
        self._fail()
        return self.stored.get(host, ())

    def keep(self, host, addresses):
        self._fail()
        self.stored[host] = tuple(addresses)

    def _fail(self):
        if self.fails:
            message = "the store could not be read"
            raise TransientError(message)


class World:
    """A resolver with scripted DNS answers; the last one repeats."""

    def __init__(self, *answers, memory=None, **options):
        self.answers = list(answers)
        self.queries = 0
        self.clock = StoppedClock()
        self.memory = memory or Memory()
        self.hangs, self.waiting = False, []
        options = {"spawn": self.spawn, **options}
        self.resolver = Resolver(self.memory, self.clock, query=self.query, **options)

    def spawn(self, work):
        """Run a query at once, or later if DNS hangs."""
        if self.hangs:
            self.waiting.append(work)
        else:
            work()

    def query(self, _host):
        self.queries += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def resolve(self, host=HOST):
        return self.resolver.resolve(host)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("localhost", "127.0.0.1"),
        ("api.localhost", "127.0.0.1"),
    ],
)
def test_a_literal_address_needs_no_query(host, address):
    world = World(TIMEOUT)

    resolution = world.resolve(host)

    assert (resolution.addresses, resolution.source) == ((address,), Source.LITERAL)
    assert world.queries == 0


def test_the_first_answer_comes_from_dns_and_is_stored():
    world = World(HERE)

    resolution = world.resolve()

    assert (resolution.addresses, resolution.source) == (("10.0.1.42",), Source.DNS)
    assert world.memory.stored == {HOST: ("10.0.1.42",)}


def test_a_read_only_resolver_stores_nothing():
    world = World(HERE, persist=False)

    world.resolve()

    assert world.memory.stored == {}


def test_a_fresh_answer_is_not_queried_again():
    world = World(HERE)
    world.resolve()
    world.clock.forward(47)

    resolution = world.resolve(HOST.upper() + ".")

    assert (resolution.source, resolution.age) == (Source.FRESH, 47)
    assert world.queries == 1


@pytest.mark.parametrize(("ttl", "forward"), [(60, 300), (3600, 300)])
def test_an_answer_is_queried_again_after_the_shorter_ttl(ttl, forward):
    world = World(Found(("10.0.1.42",), ttl), MOVED)
    world.resolve()
    world.clock.forward(forward)

    assert world.resolve().addresses == MOVED.addresses
    assert world.queries == 2


def test_a_refresh_queries_dns_despite_the_cache():
    world = World(HERE, MOVED)
    world.resolve()

    assert world.resolver.refresh(HOST).addresses == MOVED.addresses
    assert world.resolve().addresses == MOVED.addresses


def test_when_dns_fails_the_last_answer_is_stale():
    world = World(HERE, TIMEOUT)
    world.resolve()
    world.clock.forward(3600)

    resolution = world.resolve()

    assert (resolution.addresses, resolution.source) == (HERE.addresses, Source.STALE)
    assert resolution.age == 3600
    assert resolution.problem == TIMEOUT.reason


def known_stale():
    world = World(HERE, TIMEOUT)
    world.resolve()
    world.clock.forward(60)
    return world


def known_from_the_store():
    return World(TIMEOUT, memory=Memory(good=("10.0.1.7",)))


def known_from_the_settings():
    return World(TIMEOUT, last_resort={HOST: ["10.0.1.221"]})


@pytest.mark.parametrize(
    "known",
    [known_stale, known_from_the_store, known_from_the_settings],
)
def test_a_caller_with_a_known_address_does_not_wait_for_a_silent_name_server(known):
    world = known()
    world.hangs = True

    first, second = world.resolve(), world.resolve()

    assert first.addresses == second.addresses
    assert first.source in {Source.STALE, Source.FALLBACK}
    assert len(world.waiting) == 1


def test_an_answer_that_comes_late_is_used_by_the_next_caller():
    world = World(HERE, MOVED)
    world.resolve()
    world.clock.forward(60)
    world.hangs = True
    assert world.resolve().addresses == HERE.addresses

    world.waiting.pop()()

    assert world.resolve().addresses == MOVED.addresses


def test_a_name_in_use_is_queried_before_its_answer_expires():
    world = World(HERE, MOVED)
    world.resolve()
    world.clock.forward(50)

    assert world.resolve().addresses == HERE.addresses
    assert world.queries == 2
    assert world.resolve().addresses == MOVED.addresses


def test_a_failed_query_before_the_expiry_leaves_the_answer_fresh():
    world = World(HERE, TIMEOUT)
    world.resolve()
    world.clock.forward(50)

    assert world.resolve().source is Source.FRESH
    assert world.resolve().source is Source.FRESH
    assert world.queries == 2


def test_a_query_that_breaks_is_a_failure_and_not_a_hang():
    def broken(_host):
        message = "unexpected"
        raise RuntimeError(message)

    world = World(HERE)
    resolver = Resolver(world.memory, world.clock, query=broken)

    with pytest.raises(TransientError, match="the query failed: RuntimeError"):
        resolver.resolve(HOST)


@pytest.mark.parametrize(
    ("known", "addresses"),
    [
        (known_stale, HERE.addresses),
        (known_from_the_store, ("10.0.1.7",)),
        (known_from_the_settings, ("10.0.1.221",)),
    ],
)
def test_the_snapshot_has_the_addresses_in_use_from_every_source(known, addresses):
    world = known()
    world.resolve()

    (health,) = world.resolver.snapshot()

    assert health.addresses == addresses


def test_while_dns_fails_it_is_not_queried_every_time():
    world = World(HERE, TIMEOUT)
    world.resolve()
    world.clock.forward(60)

    for _ in range(100):
        world.resolve()

    assert world.queries == 2


def test_when_dns_recovers_its_answer_is_used_at_once():
    world = World(HERE, TIMEOUT, MOVED)
    world.resolve()
    world.clock.forward(60)
    world.resolve()
    world.clock.forward(5)

    assert world.resolve().addresses == MOVED.addresses
    assert world.resolve().source == Source.FRESH


def test_a_name_that_is_missing_briefly_keeps_its_address():
    world = World(Found(HERE.addresses, 5), GONE)
    world.resolve()
    world.clock.forward(59)

    assert world.resolve().source == Source.STALE


def test_a_name_that_stays_missing_is_not_found():
    world = World(HERE, GONE)
    world.resolve()
    world.clock.forward(61)

    with pytest.raises(NotFoundError, match="does not exist"):
        world.resolve()


def test_after_a_restart_the_stored_addresses_replace_dns():
    world = World(TIMEOUT, memory=Memory(good=("10.0.1.7",)))

    resolution = world.resolve()

    assert (resolution.addresses, resolution.source) == (("10.0.1.7",), Source.STALE)
    assert resolution.age is None


def test_stored_addresses_do_not_replace_a_missing_name():
    world = World(GONE, memory=Memory(good=("10.0.1.7",)))

    with pytest.raises(NotFoundError):
        world.resolve()


@pytest.mark.parametrize("failure", [TIMEOUT, GONE])
def test_the_last_resort_is_for_its_own_host_only(failure):
    world = World(failure, last_resort={HOST: ["10.0.1.221"]})

    resolution = world.resolve()

    assert (resolution.addresses, resolution.source) == (
        ("10.0.1.221",),
        Source.FALLBACK,
    )
    with pytest.raises((NotFoundError, TransientError)):
        world.resolve("auth.hokus.ai")


def test_a_failure_of_all_name_servers_is_transient():
    with pytest.raises(TransientError, match="no name server answered"):
        World(TIMEOUT).resolve()


def test_names_resolve_without_the_store():
    world = World(HERE, memory=Memory(fails=True))

    assert world.resolve().addresses == HERE.addresses


def test_an_unavailable_store_has_no_addresses():
    with pytest.raises(TransientError, match="no name server answered"):
        World(TIMEOUT, memory=Memory(fails=True)).resolve()


@pytest.mark.parametrize("answer", [HERE, TIMEOUT], ids=["success", "failure"])
def test_concurrent_callers_share_one_query(answer):
    world = World(answer)
    queried, may_answer = threading.Event(), threading.Event()

    def slow(_host):
        world.queries += 1
        queried.set()
        may_answer.wait(5)
        return answer

    # With a known address, callers would not wait for the answer.
    known = {} if answer is HERE else {HOST: ["10.0.1.221"]}
    resolver = Resolver(world.memory, world.clock, query=slow, last_resort=known)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(resolver.addresses(HOST)))
        for _ in range(20)
    ]

    for thread in threads:
        thread.start()
    queried.wait(5)
    may_answer.set()
    for thread in threads:
        thread.join()

    assert world.queries == 1
    assert len(set(results)) == 1
    assert len(results) == 20


def test_the_snapshot_has_the_state_of_each_name():
    world = World(HERE, TIMEOUT)
    world.resolve()
    world.clock.forward(70)
    world.resolve()

    (health,) = world.resolver.snapshot()

    assert (health.host, health.source, health.age) == (HOST, Source.STALE, 70)
    assert (health.failures, health.problem) == (1, TIMEOUT.reason)


def test_the_cache_evicts_the_least_recently_used_name():
    world = World(HERE)
    world.resolve("first.local")
    for number in range(1023):
        world.resolve(f"h{number}.local")
    world.resolve("first.local")

    world.resolve("one-more.local")

    hosts = {health.host for health in world.resolver.snapshot()}
    assert len(hosts) == 1024
    assert "first.local" in hosts
    assert "h0.local" not in hosts


def test_an_answer_without_a_lifetime_is_used_once():
    world = World(Found(("10.0.1.42",), 0), Found(("10.0.1.99",), 0))

    assert world.resolve().addresses == ("10.0.1.42",)
    assert world.resolve().addresses == ("10.0.1.99",)
