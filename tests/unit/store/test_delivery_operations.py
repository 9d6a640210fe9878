"""Requests about deliveries, each with its rows in the audit log."""

import json

import pytest

from controller.core.audit.chain import verified
from controller.core.audit.entry import AuditSource, Via
from controller.core.document.resource import ResourceId
from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryCount,
    DeliveryOperation,
    DeliveryRequest,
    DeliverySelection,
)
from controller.store.audit_log import AuditLog
from controller.store.delivery_operations import StoredDeliveryOperations
from tests.builders.outbox import LEASE, dead, event, failed, one
from tests.fakes.stopped_clock import NOON

SITE = ResourceId("webhook", "site")


@pytest.fixture
def operations(database):
    return StoredDeliveryOperations(
        database, lambda by: AuditSource(by, Via.COMMAND.value, "v1:d", "c0ffee")
    )


def rows(database):
    return [record.entry for record in AuditLog(database).records()]


@pytest.mark.parametrize("operation", DeliveryOperation)
def test_a_request_changes_what_its_preview_counts(
    ledger, outbox, operations, operation
):
    id_ = dead(ledger, outbox, 1, DeadCause.PARKED)
    request = DeliveryRequest(operation, DeliverySelection(ids=[id_]))
    expected = (DeliveryCount("site", DeliveryState.DEAD, 1),)

    assert operations.preview(request) == expected
    assert operations.perform(request, "ada@laptop", "its database is back") == expected


def test_a_request_has_a_row_in_the_audit_log_for_each_target(
    ledger, outbox, database, operations
):
    dead(ledger, outbox, 1)
    ledger.announce("mirror", "webhook", [event(1)], NOON)
    request = DeliveryRequest(DeliveryOperation.CANCEL, DeliverySelection(model="lead"))

    operations.perform(request, "ada@laptop", "a test model")

    mirror, site = sorted(rows(database), key=lambda entry: entry.name)
    assert (site.kind, site.name, mirror.name) == ("webhook", "site", "mirror")
    assert (site.actor, site.via, site.reason) == (
        "ada@laptop",
        "command",
        "a test model",
    )
    assert (site.action, site.outcome) == ("cancel deliveries", "Applied")
    assert (site.document_digest, site.source_commit) == ("v1:d", "c0ffee")
    assert json.loads(site.details) == {"deliveries": {"dead": 1}, "model": "lead"}
    assert json.loads(mirror.details) == {"deliveries": {"pending": 1}, "model": "lead"}
    assert AuditLog(database).recent(9, SITE) != ()
    assert verified(AuditLog(database).records()).broken is None


def test_a_request_that_changes_nothing_has_no_row(
    ledger, outbox, database, operations
):
    dead(ledger, outbox, 1)
    request = DeliveryRequest(DeliveryOperation.CANCEL, DeliverySelection())
    operations.perform(request, "ada@laptop", "a test model")

    assert operations.perform(request, "ada@laptop", "a test model") == ()
    assert len(rows(database)) == 1


def test_a_request_whose_row_cannot_be_written_changes_nothing(
    ledger, outbox, database, operations, monkeypatch
):
    dead(ledger, outbox, 1)
    monkeypatch.setattr(AuditLog, "append", _fails)
    request = DeliveryRequest(DeliveryOperation.REDRIVE, DeliverySelection())

    with pytest.raises(RuntimeError):
        operations.perform(request, "ada@laptop", "its database is back")

    assert outbox.claim("w", "site", 1, LEASE) == ()


def _fails(_log, _entry):
    raise RuntimeError


def test_the_details_of_a_delivery_have_its_payload_and_attempts(
    ledger, outbox, operations
):
    ledger.announce("site", "webhook", [event()], NOON)
    failed(outbox, delivery := one(outbox.claim("w", "site", 1, LEASE)))

    found = operations.details(delivery.id)

    assert found.payload == '{"n":1}'
    assert (found.report.type, found.report.model) == ("model.registered", "lead")
    assert [(a.number, a.status, a.outcome) for a in found.attempts] == [
        (1, 500, "answered")
    ]
    assert found.breaker.failures == 1
    assert found.now == NOON


def test_a_body_of_the_previous_version_is_the_payload(ledger, operations, database):
    ledger.announce("site", "webhook", [event()], NOON)
    with database.writing() as connection:
        connection.exec_driver_sql("delete from event_bodies")

    (report,) = operations.selected(DeliverySelection(), 9)
    assert operations.details(report.id).payload == '{"n":1}'


def test_an_unknown_delivery_has_no_details(operations):
    assert operations.details(9) is None


def test_deliveries_are_listed_newest_first_up_to_a_limit(ledger, operations):
    ledger.announce("site", "webhook", [event(1), event(2), event(3)], NOON)

    found = operations.selected(DeliverySelection(target="site"), 2)

    assert [report.number for report in found] == [3, 2]
    assert operations.selected(DeliverySelection(target="other"), 2) == ()


def test_the_audit_row_of_a_large_request_names_the_first_ids_only(
    ledger, outbox, database, operations
):
    id_ = dead(ledger, outbox, 1)
    chosen = DeliverySelection(ids=[id_, *range(1000, 1500)])
    request = DeliveryRequest(DeliveryOperation.REDRIVE, chosen, forced=True)

    operations.perform(request, "ada@laptop", "again")

    (entry,) = rows(database)
    details = json.loads(entry.details)
    assert len(details["ids"]) == 100
    assert details["forced"] is True
