"""Memory of the engine between passes and across restarts, in the store."""

import logging
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError
from controller.core.planning.change_causes import note_text
from controller.core.planning.sightings import Sightings
from controller.core.resources.condition import (
    Condition,
    Conditions,
    ConditionType,
    Truth,
)
from controller.core.resources.driver import (
    Applied,
    Failed,
    Outcome,
    Progressing,
    Skipped,
    Waiting,
)
from controller.core.resources.plan import Action, Verb
from controller.core.status.resource_conditions import WARNINGS
from controller.core.webhooks.outside_changes import APPLIED
from controller.engine.audit_trail import AuditTrail
from controller.engine.reconciler import Statuses
from controller.engine.resource_events import ResourceEvents
from controller.store.database import Database
from controller.store.events import EventKind, EventLog
from controller.store.journal import IntentJournal
from controller.store.notes import StoredNotes
from controller.store.status import StatusTable
from controller.store.undeclared import UndeclaredLog

log = logging.getLogger(__name__)

# Conditions that are abnormal when true.
_ABNORMAL = frozenset({ConditionType.STALLED})
# Key of the number of the first intent of a creation, in the details of its repeats.
_CREATION = "creation"
# Longer than reads lag, and than a restart of the controller takes.
_REPEATED_WITHIN = timedelta(minutes=10)
# Outcome of an action whose process ended before it was known.
_UNKNOWN = "Unknown"
_WITH_EVENTS = (ConditionType.READY, ConditionType.STALLED)


class StoreMemory:
    """Memory of statuses, intents, events and undeclared resources in the store.

    Attributes:
        trail: Audit rows of the executed actions.
        publisher: Events for webhook targets.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._database = database
        self._notes = StoredNotes(database)
        self._table = StatusTable(database)
        self._events = EventLog(database)
        self._journal = IntentJournal(database)
        self._undeclared = UndeclaredLog(database)
        self.trail = AuditTrail(database)
        self.publisher = ResourceEvents(database)
        self._creations: dict[int, int] = {}
        self._unrecorded: list[tuple[int, Action, Outcome]] = []
        self._read()

    def take_over(self) -> int:
        """Read the latest statuses, and close the intents that were left open.

        Call it after acquiring the lease: statuses read before may be outdated. Open
        intents are not repeated; the next pass reads the live state.

        Returns:
            Number of open intents.
        """
        self._read()
        unfinished = self._journal.unfinished()
        for intent in unfinished:
            message = "The process ended before the outcome was known."
            with self._database.writing():
                now = self._clock.now()
                if self._journal.finish(intent.id, _UNKNOWN, message, now):
                    self.trail.close(intent, _UNKNOWN, message)
                    self.publisher.abandoned(intent)
            fields = {"resource": str(intent.target), "verb": intent.verb.value}
            log.warning("unfinished intent", extra=fields)
        return len(unfinished)

    def _read(self) -> None:
        self._statuses: dict[ResourceId, Conditions] = dict(self._table.all())
        self._doomed = frozenset(self._undeclared.since())

    def statuses(self) -> Statuses:
        """Return the last conditions, also those of an earlier process."""
        return self._statuses

    def save_statuses(self, statuses: Statuses) -> None:
        """Write changed statuses, and an event for each transition, atomically.

        Outcomes that could not be recorded before are recorded first.
        """
        while self._unrecorded:
            self._record(*self._unrecorded[0])
            del self._unrecorded[0]
        changed = {
            id_: conditions
            for id_, conditions in statuses.items()
            if self._statuses.get(id_) != conditions
        }
        removed = self._statuses.keys() - statuses.keys()
        if changed or removed:
            with self._database.writing():
                self._table.save(changed, removed)
                self._notes.drop(removed)
                for id_, conditions in changed.items():
                    before = self._statuses.get(id_, {})
                    self._record_transitions(id_, before, conditions)
                    self.publisher.status_changed(
                        id_, before, conditions, self._clock.now()
                    )
        self._statuses = dict(statuses)

    def undeclared(self) -> frozenset[ResourceId]:
        """Return the managed resources that the last pass found undeclared."""
        return self._doomed

    def save_undeclared(self, ids: Collection[ResourceId]) -> None:
        """Save the managed resources that this pass found undeclared, if they changed."""
        if frozenset(ids) != self._doomed:
            self._undeclared.replace(ids, self._clock.now())
            self._doomed = frozenset(ids)

    def applied(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, str]:
        """Return the notes on the last applied specs, for resources that have one."""
        return self._notes.under(APPLIED, ids)

    def observed(self, sightings: Sightings) -> int:
        """Publish changes that no action recorded; see ``ResourceEvents.observed``."""
        return self.publisher.observed(sightings, self._clock.now())

    def started(self, action: Action) -> int:
        """Record the intent; it is durable on return."""
        details: dict[str, Any] = {"changes": [c.path for c in action.changes]}
        details |= self.trail.draft(action)
        if action.request is not None:
            details |= {"by": action.request.by, "reason": action.request.reason}
        repeated = self._repeated_creation(action)
        if repeated is not None:
            details[_CREATION] = repeated
        number = self._journal.begin(
            action.target,
            action.verb,
            action.generation,
            "",
            details,
            self._clock.now(),
        )
        if action.verb is Verb.CREATE:
            self._creations[number] = number if repeated is None else repeated
        return number

    def creation(self, number: int) -> str:
        """Return the id of the creation of intent ``number``; empty for other intents.

        All attempts of one creation have the same id, also those of another process
        after a crash. A creation after a deletion has another one.
        """
        found = self._creations.get(number)
        return "" if found is None else str(found)

    def _repeated_creation(self, action: Action) -> int | None:
        """Return the creation that ``action`` repeats; None for a new one.

        An attempt repeats the one right before it if both create the same generation and
        reads may not have shown the resource in between. An older creation had succeeded
        if it was not repeated; the resource was deleted since.
        """
        if action.verb is not Verb.CREATE:
            return None
        last = next(iter(self._journal.history(action.target, 1)), None)
        if last is None:
            return None
        same = last.verb is Verb.CREATE and last.generation == action.generation
        if not same or self._clock.now() - last.begun > _REPEATED_WITHIN:
            return None
        return int(last.details.get(_CREATION, last.id))

    def finished(self, number: int, action: Action, outcome: Outcome) -> None:
        """Record the outcome of intent ``number``, its event and its audit row, atomically.

        After a failure, ``save_statuses`` records them. Raises DriverError.
        """
        self._creations.pop(number, None)
        try:
            self._record(number, action, outcome)
        except DriverError:
            self._unrecorded.append((number, action, outcome))
            raise
        fields = {"resource": str(action.target), "verb": action.verb.value}
        log.info("action finished", extra={**fields, "outcome": type(outcome).__name__})

    def _record(self, number: int, action: Action, outcome: Outcome) -> None:
        """Record the outcome and what belongs to it, once. Safe to repeat."""
        word, message = type(outcome).__name__, _words(outcome)
        sentence = f"{action.verb.capitalize()}: {message or word}"
        if action.request is not None:
            sentence = f"{sentence.rstrip('.')}. Requested by {action.request}"
        kind: EventKind = "Warning" if isinstance(outcome, Failed) else "Normal"
        now = self._clock.now()
        with self._database.writing():
            if not self._journal.finish(number, word, message, now):
                return
            if _applies_document(action) and isinstance(outcome, Applied | Progressing):
                note = note_text(action.generation, action.desired)
                self._notes.keep(action.target, APPLIED, note)
            self._events.record(action.target, kind, action.reason, sentence, now)
            further = outcome.further if isinstance(outcome, Applied) else ()
            self.trail.record(number, action, (word, message), further)
            self.publisher.acted(number, action, outcome, now)

    def _record_transitions(
        self, id_: ResourceId, before: Conditions, after: Conditions
    ) -> None:
        """Record an event for each condition whose status or reason changed."""
        for type_ in _WITH_EVENTS:
            old, new = before.get(type_), after[type_]
            if old is None or (old.status, old.reason) == (new.status, new.reason):
                continue
            good = (new.status is Truth.TRUE) is (type_ not in _ABNORMAL)
            good = good and new.reason not in WARNINGS
            kind: EventKind = "Normal" if good or _under_way(after) else "Warning"
            sentence = f"{type_} is {new.status}: {new.message}"
            self._events.record(id_, kind, new.reason, sentence, self._clock.now())


def _applies_document(action: Action) -> bool:
    """Return True if the action applies the document."""
    return action.desired is not None and action.request is None


def _under_way(conditions: Conditions) -> bool:
    reconciling: Condition = conditions[ConditionType.RECONCILING]
    return reconciling.status is Truth.TRUE


def _words(outcome: Outcome) -> str:
    match outcome:
        case Applied(message) | Skipped(message):
            return message
        case Progressing(_, message) | Waiting(_, message):
            return message
        case Failed(error):
            return str(error)
