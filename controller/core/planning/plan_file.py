"""A plan that was saved, and whether it still holds.

It is bound to the document, to what the environment filled in, and to the fields
it acts on, as they were seen. Counts that others settle and addresses may move.
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
    """A value that did not come from the document.

    Attributes:
        path: Of the field.
        variable: What filled it in.
        source: Where that was found.
        value: What it is; a secret is a reference here, too.
    """

    path: str
    variable: str
    source: str
    value: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plan comes from.

    Attributes:
        created_at: When it was made.
        created_by: By whom.
        environment: For which environment.
        document: Hash of what was declared.
        fills: What was not read from the document.
        targets: What was asked for; empty for everything.
    """

    created_at: datetime
    created_by: str
    environment: str
    document: str
    fills: tuple[FilledField, ...] = ()
    targets: tuple[ResourceId, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedAction:
    """What a saved plan does with one resource."""

    target: ResourceId
    verb: Verb
    generation: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was saved: what it does, and what it rests on.

    Attributes:
        origin: Where it comes from.
        actions: What it does, in order.
    """

    origin: Origin
    actions: tuple[SavedAction, ...]

    @property
    def targets(self) -> frozenset[ResourceId]:
        """What it acts on."""
        return frozenset(action.target for action in self.actions)


@dataclass(frozen=True, slots=True)
class PlanMismatch:
    """Something that is not as it was when the plan was made."""

    resource: ResourceId
    what: str

    def __str__(self) -> str:
        return f"{self.resource}: {self.what}"


def saved(plan: Plan, origin: Origin) -> SavedPlan:
    """Return ``plan`` as it is saved."""
    return SavedPlan(origin, tuple(map(_saved, plan.actions)))


def fields_hash(action: SavedAction, kinds: Kinds) -> str:
    """Return the hash of the managed fields that ``action`` rests on."""
    bound = [[c.path, _before(c, action.target, kinds)] for c in action.changes]
    return content_hash([action.verb, action.generation, bound])


def fingerprint(plan: SavedPlan) -> str:
    """Return a hash of all that a plan does and rests on; equal for equal plans."""
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


def same(action: Action, planned: SavedAction, kinds: Kinds) -> bool:
    """Whether ``action`` is the one that was planned, on fields that did not move."""
    now = _saved(action)
    return now.target == planned.target and fields_hash(now, kinds) == fields_hash(
        planned, kinds
    )


def moved(plan: SavedPlan, now: Plan, kinds: Kinds) -> Iterator[PlanMismatch]:
    """Yield all that is not as it was when ``plan`` was saved.

    Args:
        plan: What was saved.
        now: What the same document asks for at this moment.
        kinds: All kinds, by name.
    """
    actions = {action.target: _saved(action) for action in now.actions}
    said = {advice.target: advice.message for advice in now.advice}
    said |= {blocked.target: blocked.message for blocked in now.blocked}
    for planned in plan.actions:
        action = actions.get(planned.target)
        if action is None:
            what = said.get(planned.target, "nothing is to be done any more")
            yield PlanMismatch(planned.target, what.rstrip("."))
        else:
            for what in _differences(planned, action, kinds):
                yield PlanMismatch(planned.target, what)


def origin_moved(plan: Origin, now: Origin) -> Iterator[str]:
    """Yield what is declared or filled in otherwise than when a plan was saved."""
    if plan.environment != now.environment:
        yield f"the plan is for {plan.environment}, not {now.environment}"
    if plan.document != now.document:
        yield f"the document was {plan.document} when planned and is {now.document}"
    before = {fill.path: fill.value for fill in plan.fills}
    after = {fill.path: fill.value for fill in now.fills}
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield f"{path} was filled in otherwise when planned"


def _differences(planned: SavedAction, now: SavedAction, kinds: Kinds) -> Iterator[str]:
    if planned.verb is not now.verb:
        yield f"was to {planned.verb} it and would now {now.verb} it"
        return
    if planned.generation != now.generation:
        yield "its declaration moved"
    then = {change.path: change for change in planned.changes}
    at_present = {change.path: change for change in now.changes}
    for path in _paths(planned.changes, now.changes):
        before, after = then.get(path), at_present.get(path)
        if before is None:
            yield f"{path} was as declared when planned and is not any more"
        elif after is None:
            yield f"{path} was not as declared when planned and is by now"
        elif _before(before, now.target, kinds) != _before(after, now.target, kinds):
            was, is_ = _plain(before.before), _plain(after.before)
            yield f"{path} was {was} when planned and is {is_}"


def _paths(*changes: Iterable[Change]) -> list[str]:
    return list(dict.fromkeys(change.path for each in changes for change in each))


def _before(change: Change, target: ResourceId, kinds: Kinds) -> str:
    """Return what was seen, as far as the plan is bound to it."""
    if change.path in kinds[target.kind].volatile_paths:
        return ""
    return canonical_json(change.before)


def _plain(value: Any) -> str:
    return "(none)" if value is None else canonical_json(value)


def _saved(action: Action) -> SavedAction:
    return SavedAction(action.target, action.verb, action.generation, action.changes)
