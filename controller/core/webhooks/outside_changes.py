"""Events about changes that no action of the controller recorded.

Two kinds of facts follow from the observed state and from notes in the store: a resource
was changed outside the document, and an alias was moved by an action whose outcome is
not recorded, because its process ended or a later step of it failed. The notes change in
the transaction that records the events, so that each fact makes one event.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from controller.core.document.resource import ResourceId
from controller.core.planning.change_causes import note_text
from controller.core.planning.sightings import Sighting
from controller.core.resources.plan import Verb
from controller.core.webhooks.event import ResourceEventType
from controller.core.webhooks.resource_event import (
    DRIFT_DETECTED,
    PROMOTED,
    ROLLED_BACK,
    ResourceEvent,
)

# Keys of notes: the last applied spec, an open episode of drift, and the accounted
# positions of aliases.
APPLIED, DRIFT, POSITIONS = "applied", "drift", "positions"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
# Longer than reads of AWS lag behind writes.
_LAG = timedelta(minutes=10)
_APPLIED_WORD = "Applied"
_DELETED = "deleted"
_EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Attempt:
    """The latest recorded action on a resource.

    Attributes:
        id: Number of its intent.
        verb: Operation.
        generation: Generation of the declaration.
        outcome: Recorded outcome; empty or ``Unknown`` if it is not known.
        by: Operator who requested it; empty for the document.
        begun: Time of the intent.
        before: Values, as JSON, of the fields that it changed, by path.
    """

    id: int = 0
    verb: Verb = Verb.UPDATE
    generation: str = ""
    outcome: str = _APPLIED_WORD
    by: str = ""
    begun: datetime = _LONG_AGO
    before: Mapping[str, str] = field(default_factory=dict)

    def may_lag(self, now: datetime) -> bool:
        """Return True if a read may still show the state before this action."""
        return now - self.begun < _LAG


@dataclass
class Findings:
    """Events, and the notes that change with them.

    Attributes:
        events: Events to publish.
        kept: Notes to write, by key.
        forgotten: Keys of notes to delete.
    """

    events: list[ResourceEvent] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to write."""
        return not (self.events or self.kept or self.forgotten)


def findings(
    id_: ResourceId,
    seen: Sighting,
    notes: Mapping[str, str],
    last: Callable[[], Attempt],
    now: datetime,
) -> Findings:
    """Return what ``seen`` means for events and notes.

    Args:
        id_: Resource.
        seen: Observation of this pass, before its actions.
        notes: Notes on the resource, by key.
        last: Returns the latest recorded action on it; called if an alias moved.
        now: Time of the pass.
    """
    found = Findings()
    edited = _edited(seen, last, now)
    edited |= _alias_findings(id_, seen, notes, last, now, found)
    was_deleted = _was_deleted(seen, notes, last, now)
    if edited or was_deleted:
        if DRIFT not in notes:
            fields = sorted(edited) or [_DELETED]
            found.events.append(_drift(id_, seen, fields, now, was_deleted=was_deleted))
            found.kept[DRIFT] = json.dumps(fields)
    elif DRIFT in notes:
        found.forgotten.add(DRIFT)
    if seen.is_present and seen.is_in_sync and not _is_current(notes, seen):
        # Equal to the document: this spec is the one that was applied last.
        found.kept[APPLIED] = note_text(seen.generation, seen.spec)
    return found


def moved_positions(text: str, moves: Mapping[str, str], intent: int) -> str:
    """Return the note ``text`` on positions after recorded ``moves``."""
    known = json.loads(text)["aliases"]
    return _position_note({**known, **moves}, intent, known)


def position_of(text: str, alias: str) -> str | None:
    """Return the version number of ``alias`` in the note ``text``."""
    number: str | None = json.loads(text)["aliases"].get(alias)
    return number


def _edited(seen: Sighting, last: Callable[[], Attempt], now: datetime) -> set[str]:
    """Return the paths that others changed.

    A read that lags shows the values from before the latest action.
    """
    if not seen.edited:
        return set()
    latest = last()
    before = latest.before if latest.may_lag(now) else {}
    return {path for path, value in seen.edited.items() if before.get(path) != value}


def _was_deleted(
    seen: Sighting,
    notes: Mapping[str, str],
    last: Callable[[], Attempt],
    now: datetime,
) -> bool:
    """Return True if others deleted the resource; a read may not show it yet."""
    if seen.is_present or not _is_current(notes, seen):
        return False
    latest = last()
    return not (latest.verb is Verb.CREATE and latest.may_lag(now))


def _alias_findings(
    id_: ResourceId,
    seen: Sighting,
    notes: Mapping[str, str],
    latest: Callable[[], Attempt],
    now: datetime,
    found: Findings,
) -> set[str]:
    """Add the events of moved aliases to ``found``; return the edited ones."""
    if not seen.is_present or not (seen.positions or POSITIONS in notes):
        return set()
    if POSITIONS not in notes:
        found.kept[POSITIONS] = _position_note(seen.positions, latest().id)
        return set()
    note = json.loads(notes[POSITIONS])
    known: dict[str, str] = note["aliases"]
    if known == seen.positions:
        return set()
    last = latest()
    is_ours = last.id > note["intent"] and last.outcome != _APPLIED_WORD
    moved = {
        alias
        for alias in known.keys() | seen.positions.keys()
        if known.get(alias) != seen.positions.get(alias)
    }
    # The plan moves these back: they stay unaccounted until then.
    edited = {alias for alias in moved if f"aliases.{alias}" in seen.differing}
    if last.may_lag(now):
        previous: Mapping[str, str] = note.get("previous", {})
        lagging = {a for a in moved if previous.get(a) == seen.positions.get(a)}
        moved, edited = moved - lagging, edited - lagging
    settled = moved if is_ours else moved - edited
    now_at = {a: n for a, n in seen.positions.items() if a in settled}
    accounted = {a: n for a, n in known.items() if a not in settled} | now_at
    if is_ours:
        found.events += [
            _move(id_, last, alias, known.get(alias), number, now)
            for alias, number in sorted(now_at.items())
        ]
    if accounted != known:
        found.kept[POSITIONS] = _position_note(accounted, last.id, known)
    return {f"aliases.{alias}" for alias in edited - settled if alias in known}


def _position_note(
    aliases: Mapping[str, str], intent: int, previous: Mapping[str, str] = _EMPTY
) -> str:
    note = {"aliases": dict(aliases), "intent": intent, "previous": dict(previous)}
    return json.dumps(note, sort_keys=True)


def _is_current(notes: Mapping[str, str], seen: Sighting) -> bool:
    """Return True if the declared generation was applied last."""
    text = notes.get(APPLIED)
    return text is not None and json.loads(text).get("generation") == seen.generation


def _move(
    id_: ResourceId,
    last: Attempt,
    alias: str,
    before: str | None,
    number: str,
    now: datetime,
) -> ResourceEvent:
    details: dict[str, Any] = {"alias": alias, "version": number}
    type_: ResourceEventType = PROMOTED
    message = f"Alias {alias} was moved to version {number}."
    if last.verb is Verb.ROLL_BACK:
        type_, details["by"] = ROLLED_BACK, last.by
        message = f"Alias {alias} was rolled back to version {number}."
    elif before is not None:
        details["previous_version"] = before
    return ResourceEvent(
        type_, id_, now, last.generation, "OutcomeObserved", message, details
    )


def _drift(
    id_: ResourceId,
    seen: Sighting,
    fields: list[str],
    now: datetime,
    *,
    was_deleted: bool,
) -> ResourceEvent:
    named = ", ".join(fields)
    message = f"Changed outside the document: {named}."
    reason = "Drifted"
    if was_deleted:
        reason, message = "Deleted", "Deleted outside the document."
    return ResourceEvent(
        DRIFT_DETECTED, id_, now, seen.generation, reason, message, {"fields": named}
    )
