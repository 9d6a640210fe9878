"""The resolver against a real name server that fails in every way."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from controller.bootstrap.controller import NoFallbacks
from controller.clients.clock import SystemClock
from controller.core.dns.answers import Failure, FailureKind, Found
from controller.core.errors import ControllerError
from controller.resolver import Keeper, Resolver, Source
from controller.resolver.query import dns_query
from tests.fakes.chaos_dns import ChaosDns, Fault
from tests.fakes.stopped_clock import StoppedClock

HOST = "mlflow.test"
SECONDS = 0.4


@pytest.fixture
def server() -> Iterator[ChaosDns]:
    with ChaosDns("10.0.0.1") as server:
        yield server


def answer(server, **options):
    options = {"timeout": SECONDS, **options}
    return dns_query(server.address, **options)(HOST)


KINDS = {
    Fault.DROP: FailureKind.TIMEOUT,
    Fault.SERVFAIL: FailureKind.SERVER_FAILURE,
    Fault.REFUSED: FailureKind.SERVER_FAILURE,
    Fault.NXDOMAIN: FailureKind.NXDOMAIN,
    Fault.EMPTY: FailureKind.NO_DATA,
    Fault.LAME: FailureKind.NO_DATA,
}
FAILING = [
    *KINDS,
    Fault.GARBAGE,
    Fault.WRONG_ID,
    Fault.WRONG_QUESTION,
    Fault.CNAME_LOOP,
]


@pytest.mark.parametrize("fault", KINDS)
def test_failures_are_told_apart(server, fault):
    server.fault = fault

    found = answer(server)

    assert isinstance(found, Failure)
    assert found.kind is KINDS[fault]


def test_a_negative_answer_has_the_ttl_of_its_zone(server):
    for server.fault in (Fault.NXDOMAIN, Fault.EMPTY):
        assert answer(server).ttl == 5


@pytest.mark.parametrize("fault", FAILING)
def test_a_known_address_outlives_every_fault_without_a_wait(server, fault):
    clock = StoppedClock()
    resolver = Resolver(
        NoFallbacks(), clock, nameserver=server.address, timeout=SECONDS
    )
    resolver.resolve(HOST)
    server.fault = fault
    clock.forward(61)

    began = time.perf_counter()
    expired = resolver.resolve(HOST)
    took = time.perf_counter() - began
    refreshed = resolver.refresh(HOST)

    assert expired.addresses == refreshed.addresses == ("10.0.0.1",)
    assert refreshed.source is Source.STALE
    assert took < 0.05


@pytest.mark.parametrize("fault", FAILING)
def test_an_unknown_name_is_an_error_within_the_deadline(server, fault):
    server.fault = fault
    resolver = Resolver(
        NoFallbacks(), StoppedClock(), nameserver=server.address, timeout=SECONDS
    )

    began = time.perf_counter()
    with pytest.raises(ControllerError, match="does not resolve"):
        resolver.resolve(HOST)

    assert time.perf_counter() - began < SECONDS + 1


def test_both_families_are_found_ipv4_first(server):
    server.addresses = ("fd00::1", "10.0.0.1", "10.0.0.2")

    assert set(answer(server).addresses[:2]) == {"10.0.0.1", "10.0.0.2"}
    assert answer(server).addresses[2] == "fd00::1"


@pytest.mark.parametrize("fault", [Fault.AAAA_DROPPED, Fault.AAAA_SERVFAIL])
def test_a_server_that_fails_for_ipv6_does_not_hold_up_ipv4(server, fault):
    server.fault = fault

    began = time.perf_counter()
    found = answer(server, timeout=5)

    assert found == Found(("10.0.0.1",), 60)
    assert time.perf_counter() - began < 1


def test_a_name_with_ipv6_only_is_found(server):
    server.fault, server.addresses = Fault.AAAA_ONLY, ("fd00::1",)

    assert answer(server).addresses == ("fd00::1",)


def test_an_answer_that_is_truncated_is_asked_for_over_tcp(server):
    server.fault = Fault.TRUNCATED
    server.addresses = tuple(f"10.0.0.{number}" for number in range(1, 60))

    assert len(answer(server, timeout=5).addresses) == 59


@pytest.mark.parametrize(("ttl", "fresh"), [(0, 1), (2**31 - 1, 300)])
def test_a_ttl_without_sense_is_bounded(server, ttl, fresh):
    server.ttl = ttl
    resolver = Resolver(NoFallbacks(), StoppedClock(), nameserver=server.address)

    assert resolver.resolve(HOST).ttl == fresh


def test_a_thousand_cold_callers_make_one_query(server):
    server.fault = Fault.SLOW
    resolver = Resolver(NoFallbacks(), SystemClock(), nameserver=server.address)

    async def callers():
        many = asyncio.gather(*(resolver.resolve_async(HOST) for _ in range(1_000)))
        await asyncio.to_thread(server.asked.wait, 5)
        server.slow.set()
        return await many

    found = asyncio.run(callers())

    assert {one.addresses for one in found} == {("10.0.0.1",)}
    assert server.queries == {"A": 1, "AAAA": 1}


def test_names_in_use_never_wait_and_follow_a_change(server):
    server.ttl = 1
    resolver = Resolver(NoFallbacks(), SystemClock(), nameserver=server.address)
    moved = threading.Event()
    resolver.on_change(lambda *_: moved.set())
    resolver.resolve(HOST)
    keeper = Keeper(resolver).start()
    try:
        server.addresses = ("10.0.0.2",)
        # The TTL, and a second.
        assert moved.wait(2)
    finally:
        keeper.close()

    assert resolver.resolve(HOST).addresses == ("10.0.0.2",)


def test_recovery_is_noticed_by_the_next_probe(server):
    server.ttl = 1
    clock = StoppedClock()
    resolver = Resolver(
        NoFallbacks(), clock, nameserver=server.address, timeout=SECONDS
    )
    resolver.resolve(HOST)
    server.fault = Fault.SERVFAIL
    resolver.refresh(HOST)
    server.fault, server.addresses = Fault.OK, ("10.0.0.2",)
    changed = threading.Event()
    resolver.on_change(lambda *_: changed.set())

    clock.forward(1)
    resolver.refresh_due()
    assert not changed.wait(0.1)
    clock.forward(1)
    resolver.refresh_due()

    assert changed.wait(5)
    assert resolver.resolve(HOST).addresses == ("10.0.0.2",)


def test_flapping_addresses_are_followed_one_by_one(server):
    server.fault, server.addresses = Fault.FLAPPING, ("10.0.0.1", "10.0.0.2")
    resolver = Resolver(NoFallbacks(), StoppedClock(), nameserver=server.address)

    found = [resolver.refresh(HOST).addresses for _ in range(4)]

    assert found == [("10.0.0.2",), ("10.0.0.1",)] * 2


def test_the_hosts_file_of_the_machine_comes_first(tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.7 mlflow.test\nnonsense\n")

    found = dns_query(None, 0.1, hosts)(HOST)

    assert found == Found(("10.0.0.7",), 30)
