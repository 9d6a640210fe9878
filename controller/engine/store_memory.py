"""What the engine keeps between passes, and over restarts, in the store."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.planning.attribution import written
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
from controller.core.resources.plan import Action
from controller.core.status.resource_conditions import WARNINGS
from controller.engine.reconciler import Statuses
from controller.store.database import Database
from controller.store.events import EventKind, EventLog
from controller.store.journal import IntentJournal
from controller.store.notes import StoredNotes
from controller.store.status import StatusTable
from controller.store.undeclared import UndeclaredLog

log = logging.getLogger(__name__)

# Truth of these is bad news; of the others it is good news.
_ABNORMAL = frozenset({ConditionType.STALLED})
# Under this key stands what was applied last.
APPLIED = "applied"
_TOLD = (ConditionType.READY, ConditionType.STALLED)


class StoreMemory:
    """Keeps statuses, intents, events and deletions-to-be in the store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._database = database
        self._notes = StoredNotes(database)
        self._table = StatusTable(database)
        self._events = EventLog(database)
        self._journal = IntentJournal(database)
        self._undeclared = UndeclaredLog(database)
        self._read()

    def take_over(self) -> int:
        """Learn what was concluded before us, and close the intents left open.

        Nothing is repeated on their word: the next pass looks at the world. Only
        for who holds the lease; whoever waited for it knows what was so long ago.

        Returns:
            How many intents there were.
        """
        self._read()
        unfinished = self._journal.unfinished()
        for intent in unfinished:
            message = "The process ended before the outcome was known; look again."
            self._journal.finish(intent.id, "Unknown", message, self._clock.now())
            fields = {"resource": str(intent.target), "verb": intent.verb.value}
            log.warning("unfinished intent", extra=fields)
        return len(unfinished)

    def _read(self) -> None:
        self._statuses: dict[ResourceId, Conditions] = dict(self._table.all())
        self._doomed = frozenset(self._undeclared.since())

    def statuses(self) -> Statuses:
        """Return the conditions concluded last, also by an earlier process."""
        return self._statuses

    def conclude(self, statuses: Statuses) -> None:
        """Write the statuses that changed, and an event for each turn, at once."""
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
                    self._tell(id_, self._statuses.get(id_, {}), conditions)
        self._statuses = dict(statuses)

    def undeclared(self) -> frozenset[ResourceId]:
        """Return what the last pass saw that is ours and not declared."""
        return self._doomed

    def note_undeclared(self, ids: Collection[ResourceId]) -> None:
        """Keep what this pass saw that is ours and not declared, if it is not kept."""
        if frozenset(ids) != self._doomed:
            self._undeclared.replace(ids, self._clock.now())
            self._doomed = frozenset(ids)

    def applied(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, str]:
        """Return the notes on what was applied last, of those that have one."""
        return self._notes.under(APPLIED, ids)

    def started(self, action: Action) -> int:
        """Write the intent down; it is durable on return."""
        details: dict[str, Any] = {"changes": [c.path for c in action.changes]}
        if action.request is not None:
            details |= {"by": action.request.by, "reason": action.request.reason}
        return self._journal.begin(
            action.target,
            action.verb,
            action.generation,
            "",
            details,
            self._clock.now(),
        )

    def finished(self, number: int, action: Action, outcome: Outcome) -> None:
        """Write down what came of intent ``number``, and tell of it, at once or not."""
        word, message = type(outcome).__name__, _words(outcome)
        sentence = f"{action.verb.capitalize()}: {message or word}"
        if action.request is not None:
            sentence = f"{sentence.rstrip('.')}. Asked for by {action.request}"
        kind: EventKind = "Warning" if isinstance(outcome, Failed) else "Normal"
        now = self._clock.now()
        with self._database.writing():
            self._journal.finish(number, word, message, now)
            if _settles(action) and isinstance(outcome, Applied | Progressing):
                note = written(action.generation, action.desired)
                self._notes.keep(action.target, APPLIED, note)
            self._events.record(action.target, kind, action.reason, sentence, now)
        fields = {"resource": str(action.target), "verb": action.verb.value}
        log.info("action finished", extra={**fields, "outcome": word})

    def _tell(self, id_: ResourceId, before: Conditions, after: Conditions) -> None:
        """Record an event for each condition that turned."""
        for type_ in _TOLD:
            old, new = before.get(type_), after[type_]
            if old is None or (old.status, old.reason) == (new.status, new.reason):
                continue
            good = (new.status is Truth.TRUE) is (type_ not in _ABNORMAL)
            good = good and new.reason not in WARNINGS
            kind: EventKind = "Normal" if good or _under_way(after) else "Warning"
            sentence = f"{type_} is {new.status}: {new.message}"
            self._events.record(id_, kind, new.reason, sentence, self._clock.now())


def _settles(action: Action) -> bool:
    """Whether afterwards the world is as the document declares."""
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
