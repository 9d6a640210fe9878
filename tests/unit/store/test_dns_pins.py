"""Pins and flushes in the store, each with a row in the audit log."""

import json
from datetime import timedelta

import pytest

from controller.core.audit.chain import verified
from controller.core.audit.entry import AuditSource, Via
from controller.core.dns.pins import PinRequest
from controller.store.audit_log import AuditLog
from controller.store.dns_pins import StoredPinOperations, StoredPins
from controller.store.fallbacks import StoredFallbacks

HOST = "mlflow.internal"
TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def operations(database):
    return StoredPinOperations(
        database, lambda by: AuditSource(by, Via.COMMAND.value, "v1:d", "c0ffee")
    )


def request(address="10.0.1.42", duration=TWO_HOURS, reason="DNS is wrong"):
    return PinRequest(HOST, (address,), duration, reason)


def rows(database):
    return [record.entry for record in AuditLog(database).records()]


def test_a_pin_is_seen_by_every_process_of_the_store(database, operations):
    pin = operations.pin(request(), "ada@laptop")

    assert StoredPins(database).pins() == (pin,)
    assert (pin.addresses, pin.by, pin.reason) == (
        ("10.0.1.42",),
        "ada@laptop",
        "DNS is wrong",
    )


def test_a_later_pin_takes_the_place_of_an_earlier_one(database, operations):
    operations.pin(request(), "ada@laptop")
    operations.pin(request("10.0.1.43"), "bob@laptop")

    (pin,) = StoredPins(database).pins()
    assert pin.addresses == ("10.0.1.43",)


def test_a_pin_ends_by_itself(database, operations, clock):
    operations.pin(request(duration=timedelta(seconds=5)), "ada@laptop")
    clock.forward(5)

    assert StoredPins(database).pins() == ()
    assert not operations.unpin(HOST, "ada@laptop", "done")


def test_a_pin_is_ended(database, operations):
    operations.pin(request(), "ada@laptop")

    assert operations.unpin(HOST, "ada@laptop", "DNS is right again")
    assert StoredPins(database).pins() == ()
    assert not operations.unpin(HOST, "ada@laptop", "again")


def test_a_flush_forgets_the_kept_addresses_of_the_host(database, operations):
    fallbacks = StoredFallbacks(database)
    fallbacks.keep(HOST, ["10.0.0.1"])
    fallbacks.keep("api.internal", ["10.0.0.2"])

    operations.flush(HOST, "ada@laptop", "it moved")

    assert [one.host for one in operations.kept()] == ["api.internal"]
    assert StoredPins(database).flushes().keys() == {HOST}


def test_a_flush_of_all_forgets_all(database, operations):
    StoredFallbacks(database).keep(HOST, ["10.0.0.1"])

    operations.flush("", "ada@laptop", "they moved")

    assert operations.kept() == ()
    assert StoredPins(database).flushes().keys() == {""}


def test_every_change_has_a_row_in_the_audit_log(database, operations):
    operations.pin(request(), "ada@laptop")
    operations.unpin(HOST, "bob@laptop", "DNS is right again")
    operations.unpin(HOST, "bob@laptop", "nothing is pinned")
    operations.flush(HOST, "eve@laptop", "it moved")

    found = [(row.action, row.name, row.actor, row.reason) for row in rows(database)]
    assert found == [
        ("pin addresses", HOST, "ada@laptop", "DNS is wrong"),
        ("unpin addresses", HOST, "bob@laptop", "DNS is right again"),
        ("flush addresses", HOST, "eve@laptop", "it moved"),
    ]
    pinned, unpinned, flushed = (json.loads(row.details) for row in rows(database))
    assert pinned["changes"][0]["after"]["pin"] == ["10.0.1.42"]
    assert unpinned["changes"][0]["before"] == {"pin": ["10.0.1.42"]}
    assert flushed["changes"][0]["path"] == HOST
    assert verified(AuditLog(database).records()).broken is None


def test_the_audit_log_shows_the_pin_that_another_replaces(database, operations):
    operations.pin(request("10.0.1.6"), "ada")
    operations.pin(request("10.0.1.9"), "ada")

    first, second = (json.loads(row.details)["changes"][0] for row in rows(database))
    assert (first["before"], first["after"]["pin"]) == (None, ["10.0.1.6"])
    assert second["before"] == first["after"]
    assert second["after"]["pin"] == ["10.0.1.9"]


def test_a_flush_of_a_name_without_addresses_was_not_kept_before(database, operations):
    operations.flush("unknown.internal", "ada", "a try")

    (entry,) = rows(database)
    assert json.loads(entry.details)["changes"][0]["before"] is None
