"""Write conflicts: fields that another writer keeps changing back.

Two writers that overwrite each other would never stop. After a few repairs of one field
in a row it is left unchanged for a while, and the message names the other writer. If the
other writer is a controller, it stops first, and this one reports its own repairs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from controller.core.document.resource import ResourceId
from controller.core.resources.driver import Applied, Outcome, Progressing
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Hold,
    Plan,
    Reason,
)
from controller.core.values.utc_text import utc_text

# This many repairs of one field within the window are a write conflict.
MAX_REPAIRS = 3
WINDOW = timedelta(minutes=10)

Field: TypeAlias = tuple[ResourceId, str]


@dataclass(frozen=True, slots=True)
class RepairCounts:
    """Recent repairs of each field under the current generation.

    Attributes:
        times: Times of the repairs, by field.
        to: Value that the last repair set. A value that follows the live state, such
            as an address, is different each time, which is not a conflict.
        generations: Declared generation of each resource.
    """

    times: Mapping[Field, tuple[datetime, ...]] = field(default_factory=dict)
    to: Mapping[Field, Any] = field(default_factory=dict)
    generations: Mapping[ResourceId, str] = field(default_factory=dict)

    def after(
        self,
        actions: Iterable[Action],
        outcomes: Mapping[ResourceId, Outcome],
        now: datetime,
    ) -> "RepairCounts":
        """Return the counts after a pass, without repairs older than the window."""
        times = {
            key: tuple(at for at in moments if now - at < WINDOW)
            for key, moments in self.times.items()
        }
        generations, to = dict(self.generations), dict(self.to)
        for action in actions:
            if not isinstance(outcomes.get(action.target), Applied | Progressing):
                continue
            is_applied = generations.get(action.target) == action.generation
            if not is_applied:
                generations[action.target] = action.generation
                times = {k: v for k, v in times.items() if k[0] != action.target}
            # Another controller writes its own generation, so its change looks like
            # one of the document: the first one is, and a repetition is not.
            again = is_applied and action.reason in {Reason.CHANGED, Reason.CONFLICT}
            if action.reason is Reason.DRIFTED or again:
                for change in action.changes:
                    key = (action.target, change.path)
                    before = times.get(key, ()) if to.get(key) == change.after else ()
                    times[key], to[key] = (*before, now), change.after
        times = {k: v for k, v in times.items() if v}
        return RepairCounts(times, {k: to[k] for k in times}, generations)

    def without(self, target: ResourceId) -> "RepairCounts":
        """Return the counts without ``target``, after an operator changed it."""
        times = {key: at for key, at in self.times.items() if key[0] != target}
        return replace(self, times=times)

    def contested(self, action: Action, now: datetime) -> tuple[str, datetime] | None:
        """Return a field in conflict, and the time until which it is left unchanged."""
        if self.generations.get(action.target) != action.generation:
            return None
        for change in action.changes:
            key = (action.target, change.path)
            same = self.to.get(key) == change.after
            moments = self.times.get(key, ()) if same else ()
            recent = [at for at in moments if now - at < WINDOW]
            if len(recent) >= MAX_REPAIRS:
                return change.path, recent[-MAX_REPAIRS] + WINDOW
        return None

    def suspected(self, now: datetime) -> Mapping[ResourceId, str]:
        """Return a field of each resource that was repaired several times recently."""
        recent = {
            key: [at for at in moments if now - at < WINDOW]
            for key, moments in self.times.items()
        }
        return {
            target: path
            for (target, path), moments in sorted(recent.items(), reverse=True)
            if len(moments) >= MAX_REPAIRS
        }


def without_contested(
    plan: Plan, repairs: RepairCounts, writers: Mapping[ResourceId, str], now: datetime
) -> Plan:
    """Return ``plan`` with the actions on fields in conflict held back.

    A resource in sync whose field was repaired that often gets a warning.

    Args:
        plan: Plan to filter.
        repairs: Recent repairs.
        writers: Last writer of each resource, where the backend records it.
        now: Current time.
    """
    actions: list[Action] = []
    blocked = list(plan.blocked)
    for action in plan.actions:
        conflict = repairs.contested(action, now)
        if conflict is None:
            actions.append(action)
        else:
            writer = writers.get(action.target, "")
            blocked.append(_held_back(action, *conflict, writer))
    differing = {a.target for a in plan.actions} | {b.target for b in plan.blocked}
    warnings = [
        _warning(target, path, writers.get(target, ""))
        for target, path in repairs.suspected(now).items()
        if target not in differing
    ]
    return Plan(tuple(actions), (*plan.advice, *warnings), tuple(blocked))


def _warning(target: ResourceId, path: str, writer: str) -> Advice:
    minutes = WINDOW.total_seconds() / 60
    message = (
        f"{path} was changed back {MAX_REPAIRS} times within {minutes:.0f} minutes and "
        f"repaired each time (last writer: {writer or 'unknown'}): stop the other writer."
    )
    return Advice(target, Reason.WRITE_CONFLICT, message)


def _held_back(action: Action, path: str, until: datetime, writer: str) -> Blocked:
    minutes = WINDOW.total_seconds() / 60
    message = (
        f"Write conflict on {path}: it was repaired {MAX_REPAIRS} times within "
        f"{minutes:.0f} minutes and changed back each time (last writer: "
        f"{writer or 'unknown'}). It is left unchanged until {utc_text(until)}."
    )
    return Blocked(action.target, Hold.WRITE_CONFLICT, message, action.changes)
