"""Whether somebody else keeps changing back what we repair.

Two writers that both mean to win do harm for ever. After a few repairs of one field
in a row we leave it alone for a while, and say who the other one is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from controller.core.document.resource import ResourceId
from controller.core.resources.driver import Applied, Outcome, Progressing
from controller.core.resources.plan import Action, Blocked, Hold, Plan, Reason

# As many repairs of one field within the window are a fight, not an accident.
FIGHT = 3
WINDOW = timedelta(minutes=10)

Field: TypeAlias = tuple[ResourceId, str]


@dataclass(frozen=True, slots=True)
class RepairCounts:
    """When each field was repaired lately, under the generation in force.

    Attributes:
        times: When, by field.
        to: What it was repaired to last. What follows the world, as an address does,
            has another value each time, and nobody fights over that.
        generations: Of what is declared.
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
        """Return what is known after a pass; what is older than the window is gone."""
        times = {
            key: tuple(at for at in moments if now - at < WINDOW)
            for key, moments in self.times.items()
        }
        generations, to = dict(self.generations), dict(self.to)
        for action in actions:
            if not isinstance(outcomes.get(action.target), Applied | Progressing):
                continue
            if generations.get(action.target) != action.generation:
                generations[action.target] = action.generation
                times = {k: v for k, v in times.items() if k[0] != action.target}
            if action.reason is Reason.DRIFTED:
                for change in action.changes:
                    key = (action.target, change.path)
                    before = times.get(key, ()) if to.get(key) == change.after else ()
                    times[key], to[key] = (*before, now), change.after
        times = {k: v for k, v in times.items() if v}
        return RepairCounts(times, {k: to[k] for k in times}, generations)

    def without(self, target: ResourceId) -> "RepairCounts":
        """Return this without ``target``: a person has a hand in it."""
        times = {key: at for key, at in self.times.items() if key[0] != target}
        return replace(self, times=times)

    def fought_over(self, action: Action, now: datetime) -> tuple[str, datetime] | None:
        """Return the field that is fought over, and until when it is left alone."""
        if self.generations.get(action.target) != action.generation:
            return None
        for change in action.changes:
            key = (action.target, change.path)
            same = self.to.get(key) == change.after
            moments = self.times.get(key, ()) if same else ()
            lately = [at for at in moments if now - at < WINDOW]
            if len(lately) >= FIGHT:
                return change.path, lately[-FIGHT] + WINDOW
        return None


def without_fights(
    plan: Plan, repairs: RepairCounts, writers: Mapping[ResourceId, str], now: datetime
) -> Plan:
    """Return ``plan`` with what somebody else keeps changing back left alone.

    Args:
        plan: What would be done.
        repairs: What was repaired lately.
        writers: Who wrote each resource last, where the backend says so.
        now: The time.
    """
    actions: list[Action] = []
    blocked = list(plan.blocked)
    for action in plan.actions:
        fight = repairs.fought_over(action, now)
        if fight is None:
            actions.append(action)
        else:
            writer = writers.get(action.target, "")
            blocked.append(_left_alone(action, *fight, writer))
    return Plan(tuple(actions), plan.advice, tuple(blocked))


def _left_alone(action: Action, path: str, until: datetime, writer: str) -> Blocked:
    who = f"{writer} was the last to write" if writer else "nobody says who"
    minutes = WINDOW.total_seconds() / 60
    message = (
        f"Somebody keeps changing {path} back ({who}): it was repaired {FIGHT} times "
        f"within {minutes:.0f} minutes and is left alone until {until:%H:%M:%S} UTC."
    )
    return Blocked(action.target, Hold.WRITE_CONFLICT, message, action.changes)
