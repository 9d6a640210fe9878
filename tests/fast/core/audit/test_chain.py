"""The hash chain of the audit log: each change of a row is found."""

from dataclasses import fields, replace

import pytest

from controller.core.audit.chain import (
    BreakCause,
    ChainBreak,
    appended,
    verified,
)
from controller.core.audit.entry import AuditEntry

ENTRY = AuditEntry(
    actor="host:1:ab",
    via="pass",
    action="update",
    kind="service",
    name="api",
    outcome="Applied",
    reason="Changed",
    details='{"changes":[]}',
    document_digest="v1:d",
    source_commit="c0ffee",
)
NOON = "2026-01-01T12:00:00.000000+00:00"


def chain(length):
    records, last = [], None
    for number in range(length):
        record = appended(last, replace(ENTRY, name=f"api-{number}"), NOON)
        records.append(record)
        last = (record.id, record.hash)
    return records


def test_an_unbroken_chain_has_a_count_and_the_hash_of_its_last_row():
    records = chain(3)

    report = verified(records)

    assert (report.count, report.head) == (3, records[-1].hash)
    assert report.broken is None


def test_an_empty_log_is_unbroken():
    report = verified([])

    assert (report.count, report.head, report.broken) == (0, "", None)


@pytest.mark.parametrize("field", [field.name for field in fields(AuditEntry)])
def test_a_change_of_any_column_of_the_content_is_found(field):
    records = chain(3)
    records[1] = replace(records[1], entry=replace(records[1].entry, **{field: "x"}))

    report = verified(records)

    assert report.broken == ChainBreak(2, BreakCause.CONTENT)
    assert (report.count, report.head) == (1, records[0].hash)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"time": NOON.replace("12", "13")}, BreakCause.CONTENT),
        ({"hash": "v1:00"}, BreakCause.CONTENT),
        ({"previous": "v1:00"}, BreakCause.LINK),
        ({"id": 7}, BreakCause.GAP),
    ],
    ids=["time", "hash", "previous", "id"],
)
def test_a_change_of_a_column_of_the_chain_is_found(change, cause):
    records = chain(3)
    records[1] = replace(records[1], **change)

    report = verified(records)

    assert report.broken is not None
    assert report.broken.cause is cause


@pytest.mark.parametrize("removed", [0, 1])
def test_a_removed_row_is_a_gap_before_the_next_one(removed):
    records = chain(3)
    del records[removed]

    assert verified(records).broken == ChainBreak(removed + 2, BreakCause.GAP)


def test_a_row_with_a_hash_of_its_own_does_not_fit_to_the_next_one():
    records = chain(3)
    before = records[0]
    records[1] = appended((before.id, before.hash), ENTRY, NOON)

    assert verified(records).broken == ChainBreak(3, BreakCause.LINK)


def test_rows_removed_at_the_end_show_in_the_count_and_the_hash():
    records = chain(3)

    report = verified(records[:2])

    assert report.broken is None
    assert (report.count, report.head) != (3, records[-1].hash)


def test_a_row_stores_no_character_that_a_database_refuses():
    record = appended(None, replace(ENTRY, reason="a\0b\udc80"), NOON)

    assert record.entry.reason == "a\\x00b\\udc80"
    assert verified([record]).broken is None
