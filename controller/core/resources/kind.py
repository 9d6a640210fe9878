"""What the planner must know about a kind of resource; nothing more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from controller.core.document.platform import Platform
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import UndatedCondition
from controller.core.resources.cost import Cost, one_call_each
from controller.core.resources.details import DetailSection
from controller.core.resources.explanation import Explanation
from controller.core.resources.plan import Action, Change, Hold, Reason, Verb
from controller.core.resources.request import OperationRequest

SpecT = TypeVar("SpecT")
StateT = TypeVar("StateT")


class HealthLevel(StrEnum):
    """How well a resource does; completes "it is ..."."""

    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class Health:
    """How well a resource does, whatever its configuration.

    Attributes:
        level: The verdict.
        reason: One CamelCase word that a program can match.
        message: One sentence for a person.
    """

    level: HealthLevel
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class HoldReason:
    """A reason, found in what was seen, not to act on a resource now."""

    hold: Hold
    message: str


@dataclass(frozen=True, slots=True)
class DocumentConflict:
    """Two places in the document that cannot both be meant.

    Attributes:
        target: The resource that is told of it, with the path in it.
        other: The resource that was there first, with the path in it.
        what: Says what is wrong; the place of ``other`` follows.
        hint: How to mend it.
    """

    target: tuple[ResourceId, tuple[str | int, ...]]
    other: tuple[ResourceId, tuple[str | int, ...]]
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something amiss that only a person may settle, found in what was seen.

    Attributes:
        path: The field it is about; it may be ignored like any other.
        reason: Why, in one word.
        message: What is so, and why it matters.
        command: What settles it, ready to be run.
    """

    path: str
    reason: Reason
    message: str
    command: str = ""


HEALTHY = Health(HealthLevel.HEALTHY, "Healthy", "It is as declared.")


def no_further_conditions(_spec: Any, _state: Any) -> tuple[UndatedCondition, ...]:
    """Return nothing: the conditions that every resource has are enough."""
    return ()


def always_healthy(_spec: Any, _state: Any) -> Health:
    """Return healthy: what exists of this kind works."""
    return HEALTHY


def never_held(
    _spec: Any, _state: Any, _changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return None: nothing in this kind's state forbids acting on it."""
    return None


def nothing_found(_spec: Any, _state: Any) -> tuple[Finding, ...]:
    """Return nothing: this kind leaves nothing to a person but what is advised."""
    return ()


def no_clashes(_specs: Mapping[ResourceId, Any]) -> tuple[DocumentConflict, ...]:
    """Return nothing: resources of this kind do not get in each other's way."""
    return ()


def no_references(_spec: Any) -> frozenset[ResourceId]:
    """Return nothing: a spec of this kind names no other resource."""
    return frozenset()


def unknown_writer(_state: Any) -> str:
    """Return nothing: this kind's backend does not say who wrote last."""
    return ""


def nothing_more(_spec: Any, _state: Any) -> tuple[DetailSection, ...]:
    """Return nothing: the conditions say all there is to say."""
    return ()


def all_of_it(_state: Any) -> tuple[Change, ...]:
    """Return nothing: what is deleted of this kind goes as a whole."""
    return ()


def nothing_by_hand(
    verb: Verb, _request: OperationRequest, _spec: Any, _state: Any, _now: datetime
) -> str:
    """Return that nobody can ask for ``verb``: this kind is as it is declared."""
    return f"there is nothing to {verb} by hand in what is of its kind"


def as_written(_name: str, spec: Any, _platform: Platform) -> Any:
    """Return ``spec``: nothing in this kind follows from its name or the platform."""
    return spec


@dataclass(frozen=True, slots=True)
class Kind(Generic[SpecT, StateT]):
    """The pure half of a kind. The other half is its ``driver`` module.

    Attributes:
        name: Singular, as in ``endpoint/api``.
        section: Plural, the key in ``hokusai.yaml``.
        spec: The model that validates one entry of the section.
        compare: Returns the fields in which a state differs from a spec.
        health: Returns how well a state does.
        hold_reason: Returns why the changes must wait, if they must.
        conditions: Returns the conditions that only this kind has, by types of its own.
        findings: Returns what is amiss and only a person may settle.
        conflicts: Returns which of all specs of this kind cannot both be meant.
        references: Returns the resources that a spec names.
        mentions: Returns those it names without waiting for them.
        complete: Returns a spec with what follows from its key and the platform.
        check_request: Returns why what a person asks for by hand cannot be done now; empty
            if it can.
        allowed_when_absent: What may be asked for by hand of what does not exist yet; it is not
            refused then, but may fail.
        writer: Returns who wrote last, if the backend says so.
        explain: Returns what came of each value at a path, for a kind that compares
            more than values as they stand; see ``core.explanation``.
        details: Returns what a person may want to see of a state.
        cost: Returns what carrying out an action takes.
        call_budget: How many calls looking at all resources of this kind takes.
        volatile_paths: Paths whose values may move between planning and applying: counts
            that others settle, and addresses.
        repair: The verb that settles changes in place.
        immutable: Paths that no update can change; they force a replacement.
        advice_only: Paths that only a person may change; they become advice.
        prune: Whether we may delete what is no longer declared.
        deletion_changes: Returns what deleting a state changes, if that is not all of it.
    """

    name: str
    section: str
    spec: type[SpecT]
    compare: Callable[[SpecT, StateT], tuple[Change, ...]]
    health: Callable[[SpecT, StateT], Health] = always_healthy
    hold_reason: Callable[[SpecT, StateT, tuple[Change, ...]], HoldReason | None] = (
        never_held
    )
    conditions: Callable[[SpecT, StateT], tuple[UndatedCondition, ...]] = (
        no_further_conditions
    )
    findings: Callable[[SpecT, StateT], tuple[Finding, ...]] = nothing_found
    conflicts: Callable[[Mapping[ResourceId, SpecT]], tuple[DocumentConflict, ...]] = (
        no_clashes
    )
    references: Callable[[SpecT], frozenset[ResourceId]] = no_references
    mentions: Callable[[SpecT], frozenset[ResourceId]] = no_references
    complete: Callable[[str, SpecT, Platform], SpecT] = as_written
    check_request: Callable[[Verb, OperationRequest, SpecT, StateT, datetime], str] = (
        nothing_by_hand
    )
    allowed_when_absent: frozenset[Verb] = frozenset()
    writer: Callable[[StateT], str] = unknown_writer
    details: Callable[[SpecT, StateT], tuple[DetailSection, ...]] = nothing_more
    explain: Callable[[SpecT, StateT, str], tuple[Explanation, ...]] | None = None
    cost: Callable[[Action], Cost] = one_call_each
    call_budget: str = ""
    volatile_paths: frozenset[str] = frozenset()
    repair: Verb = Verb.UPDATE
    immutable: frozenset[str] = frozenset()
    advice_only: frozenset[str] = frozenset()
    prune: bool = False
    deletion_changes: Callable[[StateT], tuple[Change, ...]] = all_of_it
