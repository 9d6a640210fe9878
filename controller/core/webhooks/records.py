"""Records of webhook targets, announcements and deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.core.webhooks.parity import ParityReport
from controller.core.webhooks.publication_phase import WEBHOOK_ONLY, Phase

Sink = Literal["webhook", "redis"]
SINKS: tuple[Sink, ...] = ("webhook", "redis")


@dataclass(frozen=True, slots=True)
class KnownTarget:
    """A webhook target at its first observation.

    Attributes:
        name: Key in the document.
        url: URL at that time, for information; the current one is in the document.
        baseline: Earliest creation time of announced versions; None for all.
        first_seen: Time of the first observation.
        phase: Phase of the migration from Redis.
    """

    name: str
    url: str
    baseline: datetime | None
    first_seen: datetime
    phase: Phase = WEBHOOK_ONLY


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """A recorded attempt to deliver an event.

    Attributes:
        number: Number, counted from 1.
        outcome: ``started``, ``answered``, ``unanswered`` or ``unknown``.
        started: Start time.
        ended: Time at which its outcome was known or given up.
        status: HTTP status of the response.
        error: Reason why there was no response.
        seconds: Duration.
        possible_duplicate: True if an earlier attempt may have been received.
    """

    number: int
    outcome: str
    started: datetime
    ended: datetime | None
    status: int | None
    error: str
    seconds: float | None
    possible_duplicate: bool


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Current state of one delivery.

    Attributes:
        id: Id of the delivery.
        event_id: Id of the event.
        model: Model of the announced version.
        number: Number of the announced version.
        target: Webhook target.
        state: State of the delivery.
        attempts: Number of attempts started.
        next_at: Time of the next attempt, if it is pending.
        reason: Reason why it is dead, or why the last attempt failed.
        recorded: Time at which it was put into the outbox.
        ended: Time at which it was delivered or given up.
        type: Type of the event.
        cause: Cause of a dead delivery, as `DeadCause` or ``cancelled``; empty if the
            delivery is not dead, or the cause was not recorded.
        claimed_until: End of the claim of the worker that sends it; None for no claim.
        is_blocked: True if it is pending and the configuration does not permit to send
            it.
        sink: ``webhook`` or ``redis``.
        phase: Phase of the target at the announcement; empty before the phases.
        paused_until: Time until which nothing is sent to the target; None for no pause.
        is_paused: True if nothing is sent to the target until a user enables it.
    """

    id: int
    event_id: str
    model: str
    number: int
    target: str
    state: DeliveryState
    attempts: int
    next_at: datetime
    reason: str
    recorded: datetime
    ended: datetime | None
    type: str
    cause: str
    claimed_until: datetime | None
    is_blocked: bool = False
    sink: str = "webhook"
    phase: str = ""
    paused_until: datetime | None = None
    is_paused: bool = False

    @property
    def next_attempt(self) -> datetime | None:
        """Time of the next attempt; None if there is none, or none is planned."""
        if self.state is not DeliveryState.PENDING or self.is_paused:
            return None
        return max(self.next_at, self.paused_until or self.next_at)


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """Facts about one target that its deliveries and pings left in the store.

    Attributes:
        secret_error: Reason why a secret cannot be read; empty if no process reports
            one.
        verified: Time of the last accepted delivery or ping since its address, secrets
            and payload last changed; None for none.
        dead: Number of dead and cancelled deliveries, by `DeadCause` or ``cancelled``.
    """

    secret_error: str = ""
    verified: datetime | None = None
    dead: Mapping[str, int] = field(default_factory=dict)


class Announcements(Protocol):
    """Webhook targets, and the versions announced to each of them."""

    def targets(self) -> dict[str, KnownTarget]:
        """Return all targets ever observed, by name."""
        ...

    def add_target(
        self,
        name: str,
        url: str,
        baseline: datetime | None,
        now: datetime,
        phase: Phase = WEBHOOK_ONLY,
    ) -> KnownTarget:
        """Return the target, with the baseline and the phase that are recorded."""
        ...

    def delivery_states(self) -> Mapping[str, Mapping[VersionIdentity, DeliveryState]]:
        """Return the state of the webhook of each announced version, by target."""
        ...

    def retry(self, target: str) -> int:
        """Enable ``target`` and send what failed permanently again; return the number.

        Safe to repeat.
        """
        ...

    def set_phase(self, target: str, phase: Phase) -> None:
        """Record the phase of later events of ``target``. Safe to repeat."""
        ...

    def parity(self, target: str, phase: Phase) -> ParityReport:
        """Return the comparison of the latest events announced in ``phase``."""
        ...

    def announce(
        self,
        target: str,
        sink: Sink,
        events: Sequence[WebhookEvent],
        now: datetime,
        *,
        phase: Phase = WEBHOOK_ONLY,
        messages: Sequence[WebhookEvent] = (),
    ) -> int:
        """Put ``events`` into the outbox for ``target``, all or none of them.

        ``messages`` are those that are also for Redis, with its payload. Returns the number of new deliveries. Safe to repeat.
        """
        ...


class DeliveryReports(Protocol):
    """Read-only queries about deliveries."""

    def counts(
        self, sink: Sink = "webhook"
    ) -> Mapping[str, Mapping[DeliveryState, int]]:
        """Return the number of deliveries to ``sink`` by target and state."""
        ...

    def breakers(self) -> Mapping[str, Breaker]:
        """Return the circuit breakers by target; a target without one is closed."""
        ...

    def records(self) -> Mapping[str, TargetRecord]:
        """Return the records of targets by name; a target may have none."""
        ...

    def list(
        self,
        limit: int,
        target: str | None = None,
        state: DeliveryState | None = None,
        sink: Sink | None = None,
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest deliveries, newest first."""
        ...
