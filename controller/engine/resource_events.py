"""Events about resources, put into the outbox with the record that causes them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from controller.core.document.resource import ResourceId
from controller.core.planning.sightings import Sightings
from controller.core.resources.condition import Conditions
from controller.core.resources.driver import Outcome
from controller.core.resources.plan import Action
from controller.core.webhooks.body_expression import with_derived_body
from controller.core.webhooks.event import MODEL_REGISTERED
from controller.core.webhooks.outside_changes import (
    APPLIED,
    DRIFT,
    POSITIONS,
    Attempt,
    Findings,
    findings,
    moved_positions,
    position_of,
)
from controller.core.webhooks.payload_profile import with_profiles
from controller.core.webhooks.resource_event import (
    DRIFT_DETECTED,
    PROMOTED,
    ROLLED_BACK,
    ResourceEvent,
    action_events,
    alias_moves,
    status_events,
    webhook_event,
)
from controller.core.webhooks.subscription import Subscription
from controller.engine.audit_trail import values_before
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.journal import Intent, IntentJournal
from controller.store.notes import StoredNotes

_OBSERVED = frozenset({DRIFT_DETECTED, PROMOTED, ROLLED_BACK})


class ResourceEvents:
    """Publisher of events; its calls join the transaction of their caller.

    Attributes:
        subscriptions: Returns the subscriptions of the declared targets.
        owner: Platform and environment, in the payload and the ids.

    Args:
        database: Store.
    """

    def __init__(self, database: Database) -> None:
        self.subscriptions: Callable[[], Sequence[Subscription]] = tuple
        self.owner = ""
        self._database = database
        self._ledger = AnnouncementLedger(database)
        self._notes = StoredNotes(database)
        self._journal = IntentJournal(database)

    def status_changed(
        self, id_: ResourceId, before: Conditions, after: Conditions, now: datetime
    ) -> None:
        """Publish what a change of conditions means. Safe to repeat."""
        if self._wanted():
            latest = self._ledger.latest_events(self.owner, str(id_)) if before else {}
            self._publish(status_events(id_, before, after, latest), now)

    def acted(
        self, number: int, action: Action, outcome: Outcome, now: datetime
    ) -> None:
        """Publish what the recorded outcome of intent ``number`` means."""
        if not self._wanted():
            return
        events, moves = [*action_events(action, outcome, now)], {}
        if events:
            moves = alias_moves(action, outcome)
        note = self._notes.of(action.target).get(POSITIONS) if moves else None
        if note is not None:
            # A read that lagged repeats a move that is on record.
            known = note
            events = [
                event
                for event in events
                if position_of(known, event.details["alias"])
                != event.details["version"]
            ]
            moved = moved_positions(note, moves, number)
            self._notes.keep(action.target, POSITIONS, moved)
        self._publish(events, now)

    def abandoned(self, intent: Intent) -> None:
        """Account for an action whose process ended before its outcome was known.

        The spec that was applied last is no longer known, and nothing may be called
        drift until the resource is in sync again.
        """
        if DRIFT_DETECTED in self._wanted():
            self._notes.forget(intent.target, APPLIED)

    def observed(self, sightings: Sightings, now: datetime) -> int:
        """Publish what no action recorded: edits by others, and moved aliases.

        Call it after the observation of a pass and before its actions. Safe to repeat:
        the notes change in the transaction that records the events.

        Returns:
            Number of events.
        """
        if not self._wanted() & _OBSERVED:
            return 0
        notes = self._notes.by_key((APPLIED, DRIFT, POSITIONS))
        found: dict[ResourceId, Findings] = {}
        for id_, seen in sightings.items():
            last = partial(self._last_attempt, id_)
            about = findings(id_, seen, notes.get(id_, {}), last, now)
            if not about.is_empty:
                found[id_] = about
        if not found:
            return 0
        with self._database.writing():
            for id_, about in found.items():
                for key, text in about.kept.items():
                    self._notes.keep(id_, key, text)
                for key in about.forgotten:
                    self._notes.forget(id_, key)
                self._publish(about.events, now)
        return sum(len(about.events) for about in found.values())

    def _last_attempt(self, id_: ResourceId) -> Attempt:
        last = next(iter(self._journal.history(id_, 1)), None)
        if last is None:
            return Attempt()
        return Attempt(
            last.id,
            last.verb,
            last.generation,
            last.outcome,
            str(last.details.get("by", "")),
            last.begun,
            values_before(last.details),
        )

    def _wanted(self) -> frozenset[str]:
        """Return the types of events about resources that some target receives."""
        types = {type_ for one in self.subscriptions() for type_ in one.events}
        return frozenset(types - {MODEL_REGISTERED})

    def _publish(self, found: Iterable[ResourceEvent], now: datetime) -> None:
        events = [webhook_event(self.owner, event) for event in found]
        for subscription in self.subscriptions():
            chosen = [
                with_derived_body(
                    with_profiles(event, subscription.payload, ()),
                    subscription.target,
                    subscription.body,
                )
                for event in events
                if subscription.includes(event)
            ]
            self._ledger.announce(subscription.target, "webhook", chosen, now)
