"""The next step of a delivery, in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.core.webhooks.body_expression import BODY_EXPRESSION
from controller.core.webhooks.breaker import CLOSED, Breaker
from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.next_step import next_step
from controller.core.webhooks.records import DeliveryReport

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
WAITING = DeliveryReport(
    7,
    "id-1",
    "leads",
    3,
    "site",
    DeliveryState.PENDING,
    2,
    NOON,
    "",
    NOON,
    None,
    "model.registered",
    "",
    None,
)
DEAD = replace(WAITING, state=DeliveryState.DEAD)
REDRIVE = 'To send it: hokusai deliveries redrive 7 --reason "…"'


@pytest.mark.parametrize(
    ("report", "breaker", "step"),
    [
        (WAITING, CLOSED, "Attempt 3 is due now."),
        (
            replace(DEAD, cause=DeadCause.REFUSED, reason=f"{BODY_EXPRESSION} failed"),
            CLOSED,
            (
                "None: there is no body to send. Correct `body` of webhooks.site in the "
                "document: it is then evaluated again."
            ),
        ),
        (
            replace(WAITING, next_at=LATER),
            CLOSED,
            "Attempt 3 at 2026-01-01T12:05:00Z.",
        ),
        (
            replace(WAITING, claimed_until=LATER),
            CLOSED,
            "An attempt is in progress, until 2026-01-01T12:05:00Z.",
        ),
        (
            WAITING,
            Breaker(open_until=LATER),
            "Waits: the target is paused until 2026-01-01T12:05:00Z.",
        ),
        (
            WAITING,
            Breaker(disabled="the receiver answered 410"),
            (
                "Waits: the target is disabled: the receiver answered 410. To enable: "
                'hokusai retry webhook/site --reason "…"'
            ),
        ),
        (
            replace(WAITING, state=DeliveryState.DELIVERED),
            CLOSED,
            "None: the receiver accepted the event.",
        ),
        (
            replace(WAITING, state=DeliveryState.CANCELLED),
            CLOSED,
            f"None: it was cancelled. {REDRIVE}",
        ),
        (
            replace(DEAD, cause=DeadCause.REFUSED.value),
            CLOSED,
            f"None: the receiver refuses this event. {REDRIVE}",
        ),
        *(
            (
                replace(DEAD, cause=cause),
                CLOSED,
                f"Sent again after the recovery of the receiver. {REDRIVE}",
            )
            for cause in ("", "exhausted", "parked")
        ),
    ],
)
def test_the_next_step_follows_from_the_state(report, breaker, step):
    assert next_step(report, breaker, NOON) == step


def test_a_claim_that_expired_is_no_attempt_in_progress():
    report = replace(WAITING, claimed_until=NOON)

    assert next_step(report, CLOSED, LATER) == "Attempt 3 is due now."
