"""Text from outside is stored whatever its characters; also run on PostgreSQL."""

import pytest

from controller.core.audit.entry import AuditEntry
from controller.core.document.resource import ResourceId
from controller.core.webhooks.answers import (
    Answered,
    AwsRefused,
    NotPermitted,
    Unanswered,
)
from controller.core.webhooks.answers import AnswerMeaning as Meaning
from controller.core.webhooks.delivery import Dead, RetryAt, TargetGone
from controller.store.audit_log import AuditLog
from controller.store.events import EventLog
from tests.builders.outbox import LEASE, event, failed, one
from tests.fakes.stopped_clock import NOON

TEXT = "cut \0 and \udcff here"
STORED = "cut \\x00 and \\udcff here"
SITE = ResourceId("webhook", "site")


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (Unanswered(TEXT), RetryAt(NOON)),
        (NotPermitted(TEXT), RetryAt(NOON)),
        (AwsRefused(TEXT, Meaning.TRANSIENT), RetryAt(NOON)),
        (Answered(422), Dead(TEXT)),
        (Answered(410), TargetGone(TEXT)),
    ],
    ids=["no answer", "not permitted", "an error of AWS", "dead", "gone"],
)
def test_an_answer_is_stored(ledger, outbox, deliveries, answer, step):
    ledger.announce("site", "webhook", [event()], NOON)

    failed(outbox, one(outbox.claim("w", "site", 1, LEASE)), answer, step)

    (found,) = deliveries.list(9, "site")
    assert found.reason == STORED


def test_an_error_of_a_secret_is_stored(outbox, deliveries):
    outbox.report_secret_error("site", TEXT)

    assert deliveries.records()["site"].secret_error == STORED


def test_an_event_is_stored(database):
    log = EventLog(database)

    log.record(SITE, "Warning", "Failed", TEXT, NOON)

    (found,) = log.recent(9)
    assert found.message == STORED


def test_a_reason_in_the_audit_log_is_stored_as_it_is_hashed(database):
    log = AuditLog(database)

    log.append(
        AuditEntry("ops", "command", "retry", "webhook", "site", "Done", TEXT, "{}")
    )

    (found,) = log.records()
    assert found.entry.reason == STORED
