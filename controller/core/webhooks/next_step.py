"""Explanation of the next step of a delivery, for a person."""

from datetime import datetime

from controller.core.values.utc_text import utc_text
from controller.core.webhooks.body_expression import BODY_EXPRESSION
from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.records import DeliveryReport


def next_step(report: DeliveryReport, breaker: Breaker, now: datetime) -> str:
    """Return the next step of a delivery as sentences, with the command if one helps."""
    if report.state in {DeliveryState.PENDING, DeliveryState.HELD}:
        return _of_pending(report, breaker, now)
    return _of_ended(report)


def _of_ended(report: DeliveryReport) -> str:
    match report.state:
        case DeliveryState.CANCELLED:
            return f"None: it was cancelled. {_redrive(report)}"
        case DeliveryState.SUPERSEDED:
            return "None: the webhook of the event was accepted."
        case DeliveryState.DEAD if BODY_EXPRESSION in report.reason:
            return (
                f"None: there is no body to send. Correct `body` of webhooks."
                f"{report.target} in the document: it is then evaluated again."
            )
        case DeliveryState.DEAD if report.cause == DeadCause.REFUSED:
            return f"None: the receiver refuses this event. {_redrive(report)}"
        case DeliveryState.DEAD:
            return f"Sent again after the recovery of the receiver. {_redrive(report)}"
        case _:
            return "None: the receiver accepted the event."


def _of_pending(report: DeliveryReport, breaker: Breaker, now: datetime) -> str:
    if report.state is DeliveryState.HELD:
        return "Sent if the webhook delivery of the event fails."
    number = report.attempts + 1
    if report.claimed_until is not None and report.claimed_until > now:
        return f"An attempt is in progress, until {_time(report.claimed_until)}."
    if breaker.disabled:
        command = f'hokusai retry webhook/{report.target} --reason "…"'
        return (
            f"Waits: the target is disabled: {breaker.disabled}. To enable: {command}"
        )
    blocked = breaker.blocked_until(now)
    if blocked is not None and blocked > report.next_at:
        return f"Waits: the target is paused until {_time(blocked)}."
    if report.next_at > now:
        return f"Attempt {number} at {_time(report.next_at)}."
    return f"Attempt {number} is due now."


def _redrive(report: DeliveryReport) -> str:
    return f'To send it: hokusai deliveries redrive {report.id} --reason "…"'


def _time(at: datetime) -> str:
    return utc_text(at)
