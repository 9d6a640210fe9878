"""Events and deliveries of the outbox for tests."""

from datetime import timedelta

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.delivery import Dead, DeadCause, Delivered, RetryAt
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.store.attempts import AttemptResult
from tests.fakes.stopped_clock import NOON

LEASE = timedelta(seconds=60)
DURATION = timedelta(seconds=0.25)


def event(number=1):
    """Return the event about one version of the model ``lead``."""
    identity = VersionIdentity("mlflow", "lead", number, 1_700_000_000_000 + number)
    return WebhookEvent(
        f"id-{number}", "model.registered", identity, b'{"n":%d}' % number
    )


def one(claimed):
    """Return the only delivery of ``claimed``."""
    (delivery,) = claimed
    return delivery


def start(outbox, delivery, now=NOON):
    """Record the start of one attempt; return None if the claim was lost."""
    return outbox.start_all([delivery], now).get(delivery.id)


def finish(outbox, delivery, answer, step, now=NOON, duration=DURATION):
    """Record the result of one attempt; return False if the claim was lost."""
    result = AttemptResult(delivery, answer, step, now, duration)
    (is_ours,) = outbox.finish_all([result])
    return is_ours


def failed(outbox, delivery, answer=None, step=None):
    """Record one failed attempt at ``delivery``."""
    start(outbox, delivery)
    answer = answer or Answered(500)
    finish(outbox, delivery, answer, step or RetryAt(NOON))


def accepted(outbox, delivery):
    """Record one successful attempt at ``delivery``."""
    start(outbox, delivery)
    finish(outbox, delivery, Answered(200), Delivered())


def opened(ledger, outbox, count=9):
    """Announce ``count`` events to ``site``, and fail until its breaker opens."""
    ledger.announce("site", "webhook", [event(n) for n in range(count)], NOON)
    for delivery in outbox.claim("w", "site", 5, LEASE):
        failed(outbox, delivery)


def dead(ledger, outbox, number, cause=DeadCause.EXHAUSTED):
    """Announce an event to ``site`` that is given up; return the id of the delivery."""
    ledger.announce("site", "webhook", [event(number)], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    failed(outbox, delivery, Answered(422), Dead("it failed", cause))
    return delivery.id
