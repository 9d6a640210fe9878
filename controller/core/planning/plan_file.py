"""Saved plans, and the check that a saved plan is still valid.

A plan is bound to the document, to the values from the environment, and to the observed
values of the fields that it changes. Volatile fields, such as counts that autoscaling
sets, may change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.core.document.resource import ResourceId
from controller.core.planning.planner import Kinds
from controller.core.resources.plan import Action, Change, Plan, Verb
from controller.core.values.identity import canonical_json, content_hash


@dataclass(frozen=True, slots=True)
class FilledField:
    """A value that the environment filled into the document.

    Attributes:
        path: Path of the field.
        variable: Name of the variable.
        source: Place where the variable was found.
        value: Value; for a secret, its reference.
    """

    path: str
    variable: str
    source: str
    value: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a plan.

    Attributes:
        created_at: Time of creation.
        created_by: Author.
        environment: Environment of the document.
        document: Hash of the document.
        fills: Values from the environment.
        targets: Selected resources; empty for all.
    """

    created_at: datetime
    created_by: str
    environment: str
    document: str
    fills: tuple[FilledField, ...] = ()
    targets: tuple[ResourceId, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedAction:
    """Action of a saved plan on one resource."""

    target: ResourceId
    verb: Verb
    generation: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A saved plan: its actions and the values that they depend on.

    Attributes:
        origin: Origin of the plan.
        actions: Actions in the order of execution.
    """

    origin: Origin
    actions: tuple[SavedAction, ...]

    @property
    def targets(self) -> frozenset[ResourceId]:
        """Resources that the plan changes."""
        return frozenset(action.target for action in self.actions)


@dataclass(frozen=True, slots=True)
class PlanMismatch:
    """A difference between a saved plan and the current one."""

    resource: ResourceId
    difference: str

    def __str__(self) -> str:
        return f"{self.resource}: {self.difference}"


def saved_plan(plan: Plan, origin: Origin) -> SavedPlan:
    """Return ``plan`` in the form in which it is saved."""
    return SavedPlan(origin, tuple(map(_saved, plan.actions)))


def fields_hash(action: SavedAction, kinds: Kinds) -> str:
    """Return the hash of the fields that ``action`` depends on."""
    bound = [[c.path, _before(c, action.target, kinds)] for c in action.changes]
    return content_hash([action.verb, action.generation, bound])


def fingerprint(plan: SavedPlan) -> str:
    """Return a hash of the actions of a plan and their preconditions."""
    origin = plan.origin
    return content_hash(
        [
            origin.environment,
            origin.document,
            [[f.path, f.variable, f.source, f.value] for f in origin.fills],
            sorted(map(str, origin.targets)),
            [
                [
                    str(action.target),
                    action.verb,
                    action.generation,
                    [[c.path, c.before, c.after, c.effect] for c in action.changes],
                ]
                for action in plan.actions
            ],
        ]
    )


def is_unchanged(action: Action, planned: SavedAction, kinds: Kinds) -> bool:
    """Return True if ``action`` is the planned one, on fields that did not change."""
    now = _saved(action)
    return now.target == planned.target and fields_hash(now, kinds) == fields_hash(
        planned, kinds
    )


def plan_mismatches(plan: SavedPlan, now: Plan, kinds: Kinds) -> Iterator[PlanMismatch]:
    """Yield the differences between ``plan`` and the current plan.

    Args:
        plan: Saved plan.
        now: Current plan of the same document.
        kinds: All kinds, by name.
    """
    actions = {action.target: _saved(action) for action in now.actions}
    said = {advice.target: advice.message for advice in now.advice}
    said |= {blocked.target: blocked.message for blocked in now.blocked}
    for planned in plan.actions:
        action = actions.get(planned.target)
        if action is None:
            reason = said.get(planned.target, "no action is needed any more")
            yield PlanMismatch(planned.target, reason.rstrip("."))
        else:
            for difference in _differences(planned, action, kinds):
                yield PlanMismatch(planned.target, difference)


def origin_mismatches(plan: Origin, now: Origin) -> Iterator[str]:
    """Yield the differences in document and filled values since a plan was saved."""
    if plan.environment != now.environment:
        yield f"the plan is for {plan.environment}, not {now.environment}"
    if plan.document != now.document:
        yield f"the document has changed: {plan.document} when planned, {now.document} now"
    before = {fill.path: fill.value for fill in plan.fills}
    after = {fill.path: fill.value for fill in now.fills}
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield f"{path} was filled with another value when planned"


def _differences(planned: SavedAction, now: SavedAction, kinds: Kinds) -> Iterator[str]:
    if planned.verb is not now.verb:
        yield f"the plan was to {planned.verb} it; the action is now to {now.verb} it"
        return
    if planned.generation != now.generation:
        yield "its declaration has changed"
    then = {change.path: change for change in planned.changes}
    at_present = {change.path: change for change in now.changes}
    for path in _paths(planned.changes, now.changes):
        before, after = then.get(path), at_present.get(path)
        if before is None:
            yield f"{path} was in sync when planned and now differs"
        elif after is None:
            yield f"{path} differed when planned and is now in sync"
        elif _before(before, now.target, kinds) != _before(after, now.target, kinds):
            was, is_ = _plain(before.before), _plain(after.before)
            yield f"{path} was {was} when planned and is {is_}"


def _paths(*changes: Iterable[Change]) -> list[str]:
    return list(dict.fromkeys(change.path for each in changes for change in each))


def _before(change: Change, target: ResourceId, kinds: Kinds) -> str:
    """Return the observed value as far as the plan is bound to it."""
    if change.path in kinds[target.kind].volatile_paths:
        return ""
    return canonical_json(change.before)


def _plain(value: Any) -> str:
    return "(none)" if value is None else canonical_json(value)


def _saved(action: Action) -> SavedAction:
    return SavedAction(action.target, action.verb, action.generation, action.changes)
