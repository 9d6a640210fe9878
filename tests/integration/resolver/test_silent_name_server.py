"""Thousands of names at a name server that never answers."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.bootstrap.controller import NoFallbacks
from controller.clients.clock import SystemClock
from controller.core.errors import TransientError
from controller.resolver import Keeper, Resolver, Source
from tests.builders.waiting import eventually
from tests.fakes.chaos_dns import ChaosDns, Fault

NAMES = [f"name-{number}.test" for number in range(2_000)]
DECLARED = {name: ["10.0.0.9"] for name in NAMES}
MOST_THREADS = 32


@pytest.fixture
def server():
    with ChaosDns("10.0.0.1") as server:
        server.fault = Fault.DROP
        yield server


def resolver_of(server, **options):
    clock = SystemClock()
    return Resolver(NoFallbacks(), clock, nameserver=server.address, **options)


@pytest.fixture
def query_threads():
    """Return a function that counts the threads of queries since the start."""
    before = set(threading.enumerate())

    def count():
        new = set(threading.enumerate()) - before
        return sum(thread.name == "dns" for thread in new)

    return count


def assert_used_at_once(found):
    """Assert that the declared address was used without the end of a query."""
    assert {one.source for one in found} == {Source.FALLBACK}
    assert {one.problem for one in found} <= {
        "DNS has not answered yet",
        "the query could not be started: 1024 DNS queries wait for a thread",
    }


def test_queries_have_few_threads_and_no_caller_waits_for_one(server, query_threads):
    resolver = resolver_of(server, timeout=30, last_resort=DECLARED)

    with ThreadPoolExecutor(8) as callers:
        found = list(callers.map(resolver.resolve, NAMES))

    assert query_threads() <= MOST_THREADS
    assert_used_at_once(found)


def test_event_loops_do_not_wait_either(server, query_threads):
    resolver = resolver_of(server, timeout=30, last_resort=DECLARED)

    async def resolved():
        return await asyncio.gather(*map(resolver.resolve_async, NAMES))

    found = asyncio.run(resolved())

    assert query_threads() <= MOST_THREADS
    assert_used_at_once(found)


def test_callers_without_an_address_fail_and_do_not_wait_for_the_queue(
    server, query_threads
):
    resolver = resolver_of(server, timeout=0.5)
    cold = NAMES[:400]

    def failed(name):
        with pytest.raises(TransientError, match=name) as error:
            resolver.resolve(name)
        return str(error.value)

    with ThreadPoolExecutor(len(cold)) as callers:
        reasons = list(callers.map(failed, cold))

    assert query_threads() <= MOST_THREADS
    # One batch of queries was sent, and not one after the other.
    assert len(reasons) == len(cold)
    assert server.queries["A"] <= 3 * MOST_THREADS


def test_names_are_resolved_again_after_the_name_server_answers(server):
    names = NAMES[:300]
    resolver = resolver_of(server, timeout=0.5, last_resort=DECLARED)
    for name in names:
        resolver.resolve(name)

    server.fault = Fault.OK
    keeper = Keeper(resolver).start()
    try:
        eventually(
            lambda: {resolver.resolve(name).addresses for name in names},
            lambda found: found == {("10.0.0.1",)},
        )
    finally:
        keeper.close()
