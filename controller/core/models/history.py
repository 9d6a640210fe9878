"""History of a model: registrations, promotions and rollbacks.

The audit log has what the controller did, and MLflow has the versions of any origin.
MLflow keeps no history of aliases: a promotion by another program is not known.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_ALIASES = "aliases."
_NEW_VERSION = re.compile(r"versions\[\d+\]")
_WITHOUT_EFFECT = frozenset({"Failed", "Skipped", "Waiting"})
_ROLLBACK = "roll back"
# Events of requests by their operation.
_REQUESTS = {_ROLLBACK: "RolledBack", "approve": "Approved", "resume": "Resumed"}
# Operations of a pass or of `apply`; all others are requests of a user.
_OF_THE_DOCUMENT = frozenset({"create", "update", "replace", "delete"})


@dataclass(frozen=True, slots=True)
class VersionRegistration:
    """A version in MLflow, and the user of its run.

    Attributes:
        number: MLflow's number.
        created: Creation.
        source: URI of the model files.
        run_id: Run that logged them; empty if unknown.
        user: User of the run; empty if unknown.
    """

    number: int
    created: datetime
    source: str
    run_id: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class RecordedAction:
    """An executed action on the model, from the audit log.

    Attributes:
        at: Time of its outcome.
        action: Operation.
        outcome: Result.
        by: Author.
        reason: Reason.
        commit: Commit of the document.
        changes: Changed fields, each with path, before and after.
        wanted: Argument of a request, such as a version.
    """

    at: datetime
    action: str
    outcome: str
    by: str
    reason: str
    commit: str
    changes: tuple[Mapping[str, Any], ...] = ()
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class ModelEvent:
    """One event of a model.

    Attributes:
        at: Time of the event.
        event: ``Registered``, ``Promoted`` (an alias was set), ``AliasRemoved``,
            ``RolledBack``, ``Approved``, ``Resumed`` (a rollback was ended), or the
            operation of another request.
        version: Number of the version; None if it is unknown.
        alias: Alias that was set, removed or released; empty for other events.
        before: Version of the alias before; None if there was none.
        outcome: Outcome of the action; ``Observed`` for a version in MLflow.
        by: Author, or the user of the run; empty if unknown.
        reason: Reason; empty if unknown.
        commit: Commit of the document; empty if unknown.
    """

    at: datetime
    event: str
    version: int | None = None
    alias: str = ""
    before: int | None = None
    outcome: str = ""
    by: str = ""
    reason: str = ""
    commit: str = ""


def model_history(
    actions: Sequence[RecordedAction], versions: Iterable[VersionRegistration]
) -> tuple[ModelEvent, ...]:
    """Return the events, newest first; actions that failed are left out."""
    effective = [one for one in actions if one.outcome not in _WITHOUT_EFFECT]
    found = [
        *_registrations(actions, versions),
        *(event for one in effective for event in _requested(one)),
    ]
    return tuple(sorted(found, key=lambda event: event.at, reverse=True))


def recorded_action(
    time: str, fields: Mapping[str, str], details: str
) -> RecordedAction | None:
    """Return the action in a row of the audit log; None for a row that is malformed."""
    try:
        at, found = datetime.fromisoformat(time), json.loads(details)
    except ValueError:
        return None
    if not isinstance(found, dict) or at.tzinfo is None:
        return None
    changes = found.get("changes", [])
    return RecordedAction(
        at,
        **fields,
        changes=tuple(change for change in changes if isinstance(change, dict)),
        wanted=str(found.get("wanted", "")),
    )


def moment(milliseconds: int) -> datetime:
    """Return a time since the epoch in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _registrations(
    actions: Sequence[RecordedAction], versions: Iterable[VersionRegistration]
) -> Iterator[ModelEvent]:
    """Yield an event for each version in MLflow, with its author if one is known.

    The version exists, so an action that failed later may have registered it.
    """
    for version in versions:
        action = next((a for a in actions if _registers(a, version)), None)
        event = ModelEvent(
            version.created,
            "Registered",
            version.number,
            outcome="Observed",
            by=version.user,
        )
        if action is None:
            yield event
            continue
        yield ModelEvent(
            version.created,
            "Registered",
            version.number,
            outcome="Observed",
            by=action.by,
            reason=action.reason,
            commit=action.commit,
        )


def _registers(action: RecordedAction, version: VersionRegistration) -> bool:
    wanted = {"source": version.source, "run_id": version.run_id}
    return action.at >= version.created and any(
        _NEW_VERSION.fullmatch(str(change.get("path")))
        and change.get("before") is None
        and change.get("after") == wanted
        for change in action.changes
    )


def _requested(action: RecordedAction) -> Iterator[ModelEvent]:
    """Yield an event for each alias, or one for a request that changes no alias."""
    aliases = [c for c in action.changes if str(c.get("path")).startswith(_ALIASES)]
    for change in aliases:
        before, after = _number(change.get("before")), _number(change.get("after"))
        word = "AliasRemoved" if after is None else "Promoted"
        yield _event(
            action,
            _word(action.action) if action.action == _ROLLBACK else word,
            after,
            str(change["path"]).removeprefix(_ALIASES),
            before,
        )
    if not aliases and action.action not in _OF_THE_DOCUMENT:
        number = _number(action.wanted)
        alias = action.wanted if number is None else ""
        yield _event(action, _word(action.action), number, alias, None)


def _event(
    action: RecordedAction,
    word: str,
    version: int | None,
    alias: str,
    before: int | None,
) -> ModelEvent:
    return ModelEvent(
        action.at,
        word,
        version,
        alias,
        before,
        action.outcome,
        action.by,
        action.reason,
        action.commit,
    )


def _word(operation: str) -> str:
    return _REQUESTS.get(operation) or operation.title().replace(" ", "")


def _number(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() else None
