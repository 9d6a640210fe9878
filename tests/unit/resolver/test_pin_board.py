"""Pins of the store, the environment and a file, without a wait for a lookup."""

import threading
from datetime import timedelta

import pytest

from controller.bootstrap.controller import NoFallbacks
from controller.core.dns.answers import Failure, FailureKind, Found, Source
from controller.core.dns.pins import Pin, PinOrigin
from controller.core.errors import RefusedError, TransientError
from controller.resolver import PinBoard, Resolver
from controller.resolver.pin_board import REREAD_SECONDS, file_pins
from tests.fakes.stopped_clock import NOON, StoppedClock

HOST = "mlflow.internal"
PIN = Pin(HOST, ("10.0.0.1",), NOON + timedelta(hours=1))


class Shared:
    """Pins of a store, which may be away."""

    def __init__(self, *pins):
        self.found, self.flushed, self.away, self.reads = pins, {}, False, 0

    def pins(self):
        self.reads += 1
        if self.away:
            message = "the store is away"
            raise TransientError(message)
        return self.found

    def flushes(self):
        return self.flushed


def board(clock, **options):
    return PinBoard(clock, spawn=lambda work: work(), **options)


def addresses(found):
    return found and found.addresses


def test_a_pin_of_the_store_applies_to_the_first_lookup():
    pins = board(StoppedClock(), shared=Shared(PIN))

    assert addresses(pins.of(HOST)) == ("10.0.0.1",)
    assert pins.of("api.internal") is None


def test_a_pin_of_another_process_applies_after_5_s():
    clock, shared = StoppedClock(), Shared()
    pins = board(clock, shared=shared)
    assert pins.of(HOST) is None
    shared.found = (PIN,)
    clock.forward(REREAD_SECONDS - 0.1)
    assert pins.of(HOST) is None
    clock.forward(0.1)

    assert addresses(pins.of(HOST)) == ("10.0.0.1",)
    assert shared.reads == 2


def test_a_pin_ends_between_two_reads():
    clock = StoppedClock()
    pins = board(clock, shared=Shared(Pin(HOST, PIN.addresses, NOON + timedelta(0, 3))))
    assert pins.of(HOST) is not None

    clock.forward(3)

    assert pins.of(HOST) is None


def test_pins_outlive_the_store():
    clock, shared = StoppedClock(), Shared(PIN)
    pins = board(clock, shared=shared)
    pins.of(HOST)
    shared.away = True
    clock.forward(60)

    assert addresses(pins.of(HOST)) == ("10.0.0.1",)


def test_a_lookup_does_not_wait_for_a_read():
    clock, shared, waiting = StoppedClock(), Shared(), []
    pins = PinBoard(clock, shared=shared, spawn=waiting.append)
    pins.of(HOST)
    shared.found = (PIN,)
    clock.forward(60)

    assert pins.of(HOST) is None
    assert pins.of(HOST) is None
    assert len(waiting) == 1
    waiting.pop()()
    assert pins.of(HOST) is not None


def test_concurrent_first_lookups_all_have_the_pin():
    shared, found = Shared(PIN), []
    reading, may_answer = threading.Event(), threading.Event()
    answer = shared.pins

    def slow():
        reading.set()
        may_answer.wait(5)
        return answer()

    shared.pins = slow
    pins = board(StoppedClock(), shared=shared)
    threads = [
        threading.Thread(target=lambda: found.append(pins.of(HOST))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    reading.wait(5)
    may_answer.set()
    for thread in threads:
        thread.join()

    assert found == [PIN] * 8


def test_a_read_that_breaks_is_logged_and_not_the_last(caplog):
    clock, shared = StoppedClock(), Shared(PIN)
    pins = board(clock, shared=shared)
    pins.of(HOST)
    shared.flushed = None
    clock.forward(5)
    assert pins.of(HOST) is not None
    assert "pins could not be read" in caplog.text
    shared.flushed, shared.found = {}, ()
    clock.forward(5)

    assert pins.of(HOST) is None


def test_a_file_is_read_again(tmp_path):
    clock, file = StoppedClock(), tmp_path / "hosts"
    file.write_text("10.0.0.5 mlflow.internal\n")
    pins = board(clock, file=file)
    assert addresses(pins.of(HOST)) == ("10.0.0.5",)
    file.write_text("10.0.0.6 mlflow.internal\n")
    clock.forward(5)

    assert addresses(pins.of(HOST)) == ("10.0.0.6",)


def test_a_mistake_in_the_file_keeps_the_last_pins_and_is_logged_once(tmp_path, caplog):
    clock, file = StoppedClock(), tmp_path / "hosts"
    file.write_text("10.0.0.5 mlflow.internal\n")
    pins = board(clock, file=file)
    pins.of(HOST)
    file.write_text("\nmlflow.internal 10.0.0.6\n")
    for _ in range(3):
        clock.forward(5)
        assert addresses(pins.of(HOST)) == ("10.0.0.5",)

    (record,) = caplog.records
    assert f"{file}:2: 'mlflow.internal' is not an IP address" in record.error


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"10.0.0.1\n"])
def test_a_file_that_cannot_be_used_is_refused_at_the_start(tmp_path, content):
    file = tmp_path / "hosts"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(RefusedError, match="hosts"):
        file_pins(file)


def test_the_environment_comes_before_the_file(tmp_path):
    file = tmp_path / "hosts"
    file.write_text("10.0.0.5 mlflow.internal\n")
    fixed = [Pin(HOST, ("10.0.0.4",), origin=PinOrigin.ENVIRONMENT)]

    assert addresses(board(StoppedClock(), fixed=fixed, file=file).of(HOST)) == (
        "10.0.0.4",
    )


def test_a_resolver_uses_a_pin_without_dns():
    failing = Failure(FailureKind.TIMEOUT, "silence")
    clock = StoppedClock()
    resolver = Resolver(
        NoFallbacks(),
        clock,
        query=lambda _: failing,
        pins=board(clock, shared=Shared(PIN)),
    )

    found = resolver.resolve(HOST.upper())

    assert (found.addresses, found.source) == (("10.0.0.1",), Source.PIN)


def test_a_refresh_asks_dns_despite_a_pin():
    clock = StoppedClock()
    resolver = Resolver(
        NoFallbacks(),
        clock,
        query=lambda _: Found(("10.0.0.7",), 300),
        pins=board(clock, shared=Shared(PIN)),
    )

    assert resolver.refresh(HOST).addresses == ("10.0.0.7",)
    assert resolver.resolve(HOST).addresses == PIN.addresses
    assert resolver.report(HOST).pinned == PIN.addresses


def test_listeners_get_the_addresses_of_a_pin_and_those_after_it():
    clock, shared, told = StoppedClock(), Shared(), []
    resolver = Resolver(
        NoFallbacks(),
        clock,
        query=lambda _: Found(("10.0.0.7",), 300),
        pins=board(clock, shared=shared),
        spawn=lambda work: work(),
    )
    resolver.on_change(lambda *change: told.append(change))
    resolver.resolve(HOST)
    for shared.found in ((PIN,), (PIN,), ()):
        clock.forward(5)
        resolver.resolve(HOST)

    assert told == [(HOST, ("10.0.0.1",)), (HOST, ("10.0.0.7",))]


def test_a_flush_of_another_process_reaches_the_resolver():
    clock, shared, flushed = StoppedClock(), Shared(), []
    shared.flushed = {HOST: NOON}
    pins = board(clock, shared=shared)
    pins.on_flush(flushed.append)
    pins.of(HOST)
    clock.forward(5)
    pins.of(HOST)
    assert flushed == []
    shared.flushed = {HOST: NOON + timedelta(seconds=1), "": NOON}
    clock.forward(5)

    pins.of(HOST)

    assert flushed == [HOST, ""]
