"""Names resolve from the cache while it is fresh, and while DNS fails."""

import asyncio
import threading
from datetime import timedelta
from itertools import pairwise

import pytest

from controller.core.dns.answers import Failure, FailureKind, Found
from controller.core.errors import NotFoundError, TransientError
from controller.core.resources.fallbacks import KeptAddresses
from controller.resolver import Resolver, Source
from controller.telemetry.metrics import Metrics
from tests.builders.waiting import eventually
from tests.fakes.stopped_clock import NOON, StoppedClock

HOST = "mlflow.hokusai-development.local"
HERE = Found(("10.0.1.42",), 60)
MOVED = Found(("10.0.1.99",), 60)
TIMEOUT = Failure(FailureKind.TIMEOUT, "no name server answered within 1 s")
GONE = Failure(FailureKind.NXDOMAIN, f"{HOST} does not exist")


class Memory:
    """Last good addresses, in memory; may fail."""

    def __init__(self, *, good=(), fails=False, at=NOON):
        self.stored = {HOST: good} if good else {}
        self.at, self.writes = at, 0
        self.fails = fails

    def last_good(self, host):
        self._fail()
        found = self.stored.get(host)
        return KeptAddresses(found, self.at) if found else None

    def keep(self, host, addresses):
        self._fail()
        self.writes += 1
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
    assert first.source in {Source.REFRESHING, Source.STALE, Source.FALLBACK}
    assert len(world.waiting) == 1


def fails(world, host):
    with pytest.raises(TransientError, match=host):
        world.resolve(host)


def test_names_that_fail_leave_threads_to_the_other_names():
    failing = [f"failing-{number}.internal" for number in range(100)]
    world = World(TIMEOUT, last_resort={name: ["10.0.0.9"] for name in failing})
    for name in failing:
        world.resolve(name)
    world.hangs = True
    world.clock.forward(60)

    for _ in range(3):
        wait = world.resolver.refresh_due()
        found = {world.resolve(name).source for name in failing}

    assert 0 < len(world.waiting) < 32
    assert wait == 0
    assert found == {Source.FALLBACK}
    before = len(world.waiting)
    asked = threading.Thread(target=lambda: fails(world, "new.internal"))
    asked.start()
    eventually(lambda: len(world.waiting) == before + 1)
    for query in world.waiting:
        query()
    asked.join()
    world.hangs = False
    world.resolver.refresh_due()
    assert world.queries == 2 * len(failing) + 1


def test_a_query_that_waited_for_its_whole_timeout_is_not_sent():
    world = World(HERE, last_resort={HOST: ["10.0.1.221"]})
    world.hangs = True
    world.resolve()
    world.clock.forward(11)

    world.waiting.pop()()

    assert world.queries == 0
    (health,) = world.resolver.snapshot()
    assert health.problem == "no thread was free for the query within 10 s"


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
    world.clock.forward(55)

    assert world.resolve().addresses == HERE.addresses
    assert world.queries == 2
    assert world.resolve().addresses == MOVED.addresses


def test_a_failed_query_before_the_expiry_leaves_the_answer_fresh():
    world = World(HERE, TIMEOUT)
    world.resolve()
    world.clock.forward(55)

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
    world.clock.forward(3_000)
    assert world.resolve().source is Source.STALE
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
    world.clock.forward(1)
    world.resolve("first.local")

    world.resolve("one-more.local")

    hosts = {health.host for health in world.resolver.snapshot()}
    assert len(hosts) == 1024
    assert "first.local" in hosts
    assert "h0.local" not in hosts


def test_an_answer_with_the_ttl_0_is_used_for_a_second():
    world = World(Found(("10.0.1.42",), 0), Found(("10.0.1.99",), 0))
    world.resolve()
    world.clock.forward(0.7)
    assert world.resolve().addresses == ("10.0.1.42",)
    world.clock.forward(0.3)

    assert world.resolve().addresses == ("10.0.1.99",)
    assert world.queries == 2


def test_an_expired_answer_is_used_at_once_while_dns_is_asked():
    world = World(HERE, MOVED)
    world.resolve()
    world.clock.forward(61)
    world.hangs = True

    resolution = world.resolve()

    assert resolution.source is Source.REFRESHING
    assert resolution.addresses == HERE.addresses


def test_a_stale_address_has_a_greatest_age():
    world = World(HERE, TIMEOUT, max_stale=3600)
    world.resolve()
    world.clock.forward(3599)
    assert world.resolve().source is Source.STALE
    world.clock.forward(100)

    with pytest.raises(TransientError, match="no name server answered"):
        world.resolve()


@pytest.mark.parametrize(("age", "known"), [(3_599, True), (3_601, False)])
def test_a_stored_address_has_the_same_greatest_age(age, known):
    memory = Memory(good=("10.0.1.7",), at=NOON - timedelta(seconds=age))
    world = World(TIMEOUT, memory=memory, max_stale=3600)

    if known:
        assert world.resolve().addresses == ("10.0.1.7",)
    else:
        with pytest.raises(TransientError):
            world.resolve()


def test_an_unchanged_address_is_stored_once_an_hour():
    world = World(HERE)
    for _ in range(70):
        world.resolve()
        world.clock.forward(60)

    assert world.memory.writes == 2


def test_the_first_minute_of_an_outage_is_probed_every_2_s_and_then_every_30():
    world = World(HERE, TIMEOUT)
    world.resolve()
    world.clock.forward(60)
    times = []
    for _ in range(600):
        before = world.queries
        world.resolve()
        if world.queries > before:
            times.append(world.clock.monotonic() - 60)
        world.clock.forward(0.5)

    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap == 2 for gap, at in zip(gaps, times, strict=False) if at < 56)
    assert all(27 <= gap <= 30 for gap, at in zip(gaps, times, strict=False) if at > 60)


def test_a_missing_name_is_asked_for_again_after_its_negative_ttl():
    gone = Failure(FailureKind.NXDOMAIN, "it does not exist", 5)
    world = World(gone)
    for _ in range(10):
        with pytest.raises(NotFoundError):
            world.resolve()
        world.clock.forward(1)

    assert world.queries == 2


def test_a_name_in_use_is_refreshed_without_a_caller():
    world = World(HERE, MOVED)
    world.resolve()

    first_wait = world.resolver.refresh_due()
    world.clock.forward(first_wait)
    world.resolver.refresh_due()

    assert 48 <= first_wait <= 54
    assert world.queries == 2
    assert world.resolve().addresses == MOVED.addresses


def test_a_name_that_is_not_in_use_is_not_refreshed():
    world = World(HERE)
    world.resolve()
    world.clock.forward(601)

    world.resolver.refresh_due()

    assert world.queries == 1


def test_processes_refresh_at_different_times():
    waits = set()
    for salt in ("one", "two", "three"):
        world = World(HERE, salt=salt)
        world.resolve()
        waits.add(world.resolver.refresh_due())

    assert len(waits) == 3


def test_an_address_that_refused_a_connection_is_tried_last_for_30_s():
    world = World(Found(("10.0.0.1", "10.0.0.2"), 60))
    world.resolve()

    world.resolver.avoid(HOST, "10.0.0.1")

    assert world.resolve().addresses == ("10.0.0.2", "10.0.0.1")
    world.clock.forward(31)
    assert world.resolve().addresses == ("10.0.0.1", "10.0.0.2")


def test_a_client_whose_connections_failed_gets_the_new_address():
    world = World(HERE, MOVED)
    world.resolve()
    world.clock.forward(2)

    assert world.resolver.moved(HOST, HERE.addresses) == MOVED.addresses


def test_failed_connections_query_dns_once_a_second_at_most():
    world = World(HERE)
    world.resolve()
    world.clock.forward(2)

    for _ in range(100):
        world.resolver.moved(HOST, HERE.addresses)

    assert world.queries == 2


def test_listeners_get_changed_addresses():
    world = World(Found(("10.0.0.1", "10.0.0.2"), 10), Found(("10.0.0.2",), 10), MOVED)
    changes = []
    world.resolver.on_change(lambda host, addresses: changes.append((host, addresses)))
    for _ in range(3):
        world.resolver.refresh(HOST)

    assert changes == [(HOST, ("10.0.0.2",)), (HOST, MOVED.addresses)]


def test_another_order_is_not_a_change():
    world = World(
        Found(("10.0.0.1", "10.0.0.2"), 9), Found(("10.0.0.2", "10.0.0.1"), 9)
    )
    changes = []
    world.resolver.on_change(lambda *change: changes.append(change))
    world.resolver.refresh(HOST)
    world.resolver.refresh(HOST)

    assert changes == []


def test_a_refresh_that_fails_is_stale_within_the_ttl():
    world = World(HERE, TIMEOUT)
    world.resolve()

    assert world.resolver.refresh(HOST).source is Source.STALE


def test_a_flushed_name_is_queried_again():
    world = World(HERE, MOVED)
    world.resolve()

    world.resolver.flush(HOST)

    assert world.resolve().addresses == MOVED.addresses


def test_event_loops_and_threads_share_one_query():
    world = World(HERE)
    queried, may_answer = threading.Event(), threading.Event()

    def slow(_host):
        world.queries += 1
        queried.set()
        may_answer.wait(5)
        return HERE

    resolver = Resolver(world.memory, world.clock, query=slow)
    results = []

    async def many():
        found = asyncio.gather(*(resolver.resolve_async(HOST) for _ in range(500)))
        await asyncio.to_thread(queried.wait, 5)
        may_answer.set()
        return await found

    thread = threading.Thread(target=lambda: results.append(resolver.resolve(HOST)))
    thread.start()
    results += asyncio.run(many())
    thread.join()

    assert world.queries == 1
    assert {one.addresses for one in results} == {HERE.addresses}
    assert len(results) == 501


def test_a_cancelled_waiter_leaves_the_query_to_the_others():
    world = World(HERE)
    may_answer = threading.Event()

    def slow(_host):
        may_answer.wait(5)
        return HERE

    resolver = Resolver(world.memory, world.clock, query=slow)

    async def one_cancelled():
        first = asyncio.create_task(resolver.resolve_async(HOST))
        second = asyncio.create_task(resolver.resolve_async(HOST))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        may_answer.set()
        return await second

    assert asyncio.run(one_cancelled()).addresses == HERE.addresses


def test_metrics_count_lookups_and_queries():
    metrics = Metrics()
    world = World(HERE, TIMEOUT, metrics=metrics)
    world.resolve()
    world.resolve()
    world.clock.forward(60)
    world.resolve()

    text = metrics.text().decode()
    assert 'dns_lookups_total{result="dns"} 1.0' in text
    assert 'dns_lookups_total{result="fresh"} 1.0' in text
    assert 'dns_lookups_total{result="stale"} 1.0' in text
    assert 'dns_queries_total{outcome="timeout"} 1.0' in text
    assert "dns_query_seconds_count 2.0" in text
