"""Last good addresses in a file: whole or not at all, and never an error."""

import json
import threading
from datetime import timedelta

import pytest

from controller.core.dns.answers import Failure, FailureKind, Found, Source
from controller.core.resources.fallbacks import KeptAddresses
from controller.resolver import AddressFile, Keeper, Resolver
from tests.fakes.stopped_clock import NOON, StoppedClock

HOST = "mlflow.internal"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "addresses.json"


def test_addresses_are_kept_with_their_time(file):
    clock = StoppedClock()
    AddressFile(file, clock).keep(HOST, ["10.0.0.2", "10.0.0.1", "10.0.0.1"])

    kept = AddressFile(str(file), clock).last_good(HOST)

    assert kept == KeptAddresses(("10.0.0.1", "10.0.0.2"), NOON)


def test_a_confirmation_renews_the_time_of_the_same_addresses_only(file):
    clock = StoppedClock()
    kept = AddressFile(file, clock)
    kept.keep(HOST, ["10.0.0.1"])
    clock.forward(60)

    kept.confirm(HOST, ["10.0.0.9"])
    assert kept.last_good(HOST).at == NOON
    kept.confirm(HOST, ["10.0.0.1"])
    assert kept.last_good(HOST).at == NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"a": 1}',
        '{"mlflow.internal": {"addresses": ["no"], "at": "2026-01-01T00:00:00Z"}}',
        '{"mlflow.internal": {"addresses": ["10.0.0.1"], "at": "never"}}',
    ],
)
def test_a_damaged_file_costs_the_fallback_and_nothing_else(file, content, caplog):
    file.write_text(content)
    kept = AddressFile(file, StoppedClock())

    assert kept.last_good(HOST) is None
    assert "file of addresses not read" in caplog.text
    kept.keep(HOST, ["10.0.0.1"])
    assert kept.last_good(HOST).addresses == ("10.0.0.1",)


def test_a_folder_that_cannot_be_written_is_logged(tmp_path, caplog):
    kept = AddressFile(tmp_path / "missing" / "addresses.json", StoppedClock())

    kept.keep(HOST, ["10.0.0.1"])

    assert "file of addresses not written" in caplog.text


def test_readers_never_see_half_a_file(file):
    kept = AddressFile(file, StoppedClock())
    kept.keep(HOST, ["10.0.0.1"])
    stop, seen = threading.Event(), []

    def reads():
        while not stop.is_set():
            seen.append(json.loads(file.read_text()))

    reader = threading.Thread(target=reads)
    reader.start()
    for number in range(40):
        kept.keep(f"h{number}.internal", ["10.0.0.1"] * 10)
    stop.set()
    reader.join()

    assert seen
    assert [*file.parent.iterdir()] == [file]


def test_a_restart_in_an_outage_uses_the_file(file):
    clock = StoppedClock()
    kept = AddressFile(file, clock)
    Resolver(kept, clock, query=lambda _: Found(("10.0.0.1",), 60)).resolve(HOST)
    failing = Failure(FailureKind.TIMEOUT, "silence")

    restarted = Resolver(AddressFile(file, clock), clock, query=lambda _: failing)

    found = restarted.resolve(HOST)
    assert (found.addresses, found.source) == (("10.0.0.1",), Source.STALE)


def test_a_keeper_outlives_an_error_and_ends(caplog):
    failed = threading.Event()

    class Broken(Resolver):
        def refresh_due(self):
            failed.set()
            message = "unexpected"
            raise RuntimeError(message)

    clock = StoppedClock()
    keeper = Keeper(Broken(AddressFile("unused", clock), clock)).start()

    assert failed.wait(5)
    keeper.close()
    assert "names could not be refreshed" in caplog.text
