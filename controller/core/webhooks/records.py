"""Records of webhook targets, announcements and deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import VersionIdentity, WebhookEvent

Sink = Literal["webhook", "redis"]


@dataclass(frozen=True, slots=True)
class KnownTarget:
    """A webhook target as it was when first seen.

    Attributes:
        name: Its key in the document.
        url: At first sight; for people, the document has the one in force.
        baseline: Versions created before it are not told of; None for all.
        first_seen: When it was first seen.
    """

    name: str
    url: str
    baseline: datetime | None
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One try at a delivery, as it was written down.

    Attributes:
        number: Counted from 1.
        outcome: ``started``, ``answered``, ``unanswered`` or ``unknown``.
        started: When it was begun.
        ended: When its outcome was known, or given up on.
        status: HTTP status of the answer.
        error: Why there was no answer.
        seconds: How long it took.
        possible_duplicate: Whether an earlier try may have arrived unnoticed.
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
    """One delivery, as it stands.

    Attributes:
        id: Of the delivery.
        event_id: Of the event.
        model: Whose version is told of.
        number: Of that version.
        target: To whom.
        state: Where it stands.
        attempts: How many were started.
        next_at: When it is due again, if it is pending.
        reason: Why it is dead, or why the last attempt failed.
        recorded: When it was put into the outbox.
        ended: When it was delivered or given up.
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


class Announcements(Protocol):
    """Webhook targets, and the versions announced to each of them."""

    def targets(self) -> dict[str, KnownTarget]:
        """Return all targets that were ever seen, by name."""
        ...

    def add_target(
        self, name: str, url: str, baseline: datetime | None, now: datetime
    ) -> KnownTarget:
        """Return the target; its baseline is what it was at first sight."""
        ...

    def all_announced(self) -> Mapping[str, frozenset[VersionIdentity]]:
        """Return, for each target, the versions it was told of or will be."""
        ...

    def all_ended(self) -> Mapping[str, frozenset[VersionIdentity]]:
        """Return, for each target, the versions whose delivery came to an end.

        Delivered or given up: either way nothing more is sent by itself.
        """
        ...

    def announce(
        self, target: str, sink: Sink, events: Sequence[WebhookEvent], now: datetime
    ) -> int:
        """Put ``events`` into the outbox for ``target``, all or none of them.

        Returns how many deliveries are new. Safe to repeat.
        """
        ...


class DeliveryReports(Protocol):
    """Reads of the deliveries; nothing is claimed or changed."""

    def counts(self) -> Mapping[str, Mapping[DeliveryState, int]]:
        """Return, for each target, how many deliveries are in which state."""
        ...

    def list(
        self,
        limit: int,
        target: str | None = None,
        state: DeliveryState | None = None,
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest deliveries, the last one first."""
        ...
