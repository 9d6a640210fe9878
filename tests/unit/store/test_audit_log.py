"""Entries of all writers form one chain in the audit log."""

from dataclasses import replace

import pytest

from controller.core.audit.chain import verified
from controller.core.audit.entry import AuditEntry
from controller.core.document.resource import ResourceId
from controller.store.audit_log import AuditLog

ENTRY = AuditEntry(
    actor="ada@laptop",
    via="command",
    action="restart",
    kind="service",
    name="api",
    outcome="Applied",
    reason="it leaks",
    details="{}",
)


@pytest.fixture
def log(database):
    return AuditLog(database)


def test_appended_rows_are_read_as_one_chain(log):
    appended = [log.append(replace(ENTRY, name=name)) for name in ("a", "b", "ü\0")]

    found = list(log.records())

    assert found == appended
    assert verified(found).broken is None


def test_a_row_is_appended_with_its_transaction_or_not_at_all(log, database):
    log.append(ENTRY)

    def broken_off():
        with database.writing():
            log.append(ENTRY)
            message = "stop"
            raise ValueError(message)

    with pytest.raises(ValueError, match="stop"):
        broken_off()
    log.append(ENTRY)

    report = verified(log.records())
    assert (report.count, report.broken) == (2, None)


def test_the_latest_rows_of_a_resource_come_first(log):
    for name in ("a", "b", "a"):
        log.append(replace(ENTRY, name=name))

    found = log.recent(9, ResourceId("service", "a"))

    assert [record.id for record in found] == [3, 1]
    assert [record.id for record in log.recent(2)] == [3, 2]
    assert len(log.recent(None)) == 3


def test_rows_of_several_batches_are_read_once_each(log, monkeypatch):
    monkeypatch.setattr("controller.store.audit_log._BATCH", 2)
    for _ in range(4):
        log.append(ENTRY)

    assert [record.id for record in log.records()] == [1, 2, 3, 4]
