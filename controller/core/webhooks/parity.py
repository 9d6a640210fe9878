"""Parity of the webhook and the Redis queue, and the gate of the next phase."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.core.values.counts import counted
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.publication_phase import DUAL, Phase

# Events that count: those announced within this time.
PARITY_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PublicationPair:
    """One event that has a delivery to the webhook and one to Redis.

    Attributes:
        event_id: Id of the event.
        webhook: State of the delivery to the webhook.
        redis: State of the delivery to Redis.
        webhook_at: Time at which it was delivered to the webhook; None if it was not.
        redis_at: Time at which it was delivered to Redis; None if it was not.
    """

    event_id: str
    webhook: DeliveryState
    redis: DeliveryState
    webhook_at: datetime | None = None
    redis_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParityReport:
    """Comparison of the two deliveries of each event of one phase.

    Attributes:
        phase: Phase in which the events were announced.
        both: Number of events delivered to the webhook and to Redis.
        only_webhook: Number of events delivered to the webhook only.
        only_redis: Number of events delivered to Redis only.
        neither: Number of events delivered to neither.
        not_needed: Number of events that Redis did not need, since the webhook has them.
        unfinished: Number of events with a delivery that is in progress or held.
        reordered: Number of events that the two received in another order.
        largest_delay: Largest time between the two deliveries of an event.
    """

    phase: Phase
    both: int = 0
    only_webhook: int = 0
    only_redis: int = 0
    neither: int = 0
    not_needed: int = 0
    unfinished: int = 0
    reordered: int = 0
    largest_delay: timedelta = timedelta(0)

    @property
    def events(self) -> int:
        """Number of events that are compared."""
        return self.both + self.only_webhook + self.only_redis + self.neither

    @property
    def at_parity(self) -> int:
        """Number of events at parity.

        With both publications, Redis and the webhook have the event; with the webhook
        first, the webhook has it and Redis was not needed.
        """
        return self.both if self.phase == DUAL else self.not_needed


def parity_report(phase: Phase, pairs: Sequence[PublicationPair]) -> ParityReport:
    """Return the comparison of ``pairs``, which were announced in ``phase``."""
    delivered = DeliveryState.DELIVERED
    found = [(p.webhook is delivered, p.redis is delivered) for p in pairs]
    open_states = {DeliveryState.PENDING, DeliveryState.HELD}
    delays = [
        abs(p.webhook_at - p.redis_at) for p in pairs if p.webhook_at and p.redis_at
    ]
    return ParityReport(
        phase,
        both=found.count((True, True)),
        only_webhook=found.count((True, False)),
        only_redis=found.count((False, True)),
        neither=found.count((False, False)),
        not_needed=sum(p.redis is DeliveryState.SUPERSEDED for p in pairs),
        unfinished=sum(bool({p.webhook, p.redis} & open_states) for p in pairs),
        reordered=_reordered(pairs),
        largest_delay=max(delays, default=timedelta(0)),
    )


def advance_refusal(report: ParityReport, least: int) -> str:
    """Return the reason to stay in the phase of ``report``; empty to go on.

    Args:
        report: Events of the last ``PARITY_WINDOW``.
        least: Number of events that must be compared; 0 for no comparison.
    """
    if not least:
        return ""
    if report.events < least:
        return f"{counted(report.events, 'event')} compared; at least {least} needed"
    if report.at_parity < report.events:
        return f"{report.at_parity} of {report.events} events at parity"
    return ""


def _reordered(pairs: Iterable[PublicationPair]) -> int:
    """Return the number of events that Redis received before an earlier one.

    Earlier is meant in the order in which the webhook received them.
    """
    both = [(p.webhook_at, p.redis_at) for p in pairs if p.webhook_at and p.redis_at]
    latest, count = None, 0
    for _, redis_at in sorted(both):
        count += latest is not None and redis_at < latest
        latest = redis_at if latest is None else max(latest, redis_at)
    return count
