"""What is looked at before something is deployed, and what the looks say.

An action that rests on what is not there would fail minutes later, with half of it
done. All that is wrong is told at once, each with the command that mends it. What
could not be looked at is never taken for missing, and never for good.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, runtime_checkable

from controller.core.document.resource import Resource, ResourceId
from controller.core.planning.planner import plan_of
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Hold,
    Plan,
    Reason,
    Verb,
)


class Severity(StrEnum):
    """What a finding does to an action; completes "it ... the deployment"."""

    BLOCKS = "blocks"
    WARNS = "warns"


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """A check that found all as it must be."""

    check: str


@dataclass(frozen=True, slots=True)
class CheckSkipped:
    """A check that does not apply, or that nobody can make, because of ``why``."""

    check: str
    why: str


@dataclass(frozen=True, slots=True)
class CheckUnknown:
    """A check that could not be made.

    Attributes:
        check: Its name.
        why: What the look was answered with.
        passing: Whether the next look may be answered: a deployment waits for that.
            A refusal does not pass by itself, so it only warns.
        command: What lets us look, if that is known.
    """

    check: str
    why: str
    passing: bool
    command: str = ""


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """Something that is not as the resource needs it.

    Attributes:
        check: The check that found it.
        severity: What it does to a deployment.
        path: The field of the declaration that rests on it.
        message: What is wrong, and why it matters; without a secret's value.
        command: The AWS CLI command that mends it, or shows what there is.
    """

    check: str
    severity: Severity
    path: str
    message: str
    command: str = ""

    @property
    def blocks(self) -> bool:
        """Whether nothing is deployed on it."""
        return self.severity is Severity.BLOCKS


Result: TypeAlias = CheckPassed | CheckSkipped | CheckUnknown | CheckFinding
Results: TypeAlias = Mapping[ResourceId, tuple[Result, ...]]
Resources: TypeAlias = Mapping[ResourceId, Resource[Any]]


@runtime_checkable
class PreflightDriver(Protocol):
    """A driver that can look at what its resources rest on."""

    def inspect(self, resources: Resources) -> Results:
        """Return what every check says of each of ``resources``.

        Reads only, and never a secret's value. What could not be looked at is
        ``CheckUnknown``; raises DriverError only when nothing could be.
        """
        ...


def deploys(action: Action) -> bool:
    """Whether ``action`` starts something that must find all it needs."""
    if action.verb is Verb.DELETE:
        return False
    return action.verb is Verb.CREATE or action.disruptive


def blocking(results: Iterable[Result]) -> tuple[CheckFinding, ...]:
    """Return the findings that nothing may be deployed on."""
    return tuple(r for r in results if isinstance(r, CheckFinding) and r.blocks)


def with_findings(plan: Plan, results: Results, *, warnings: bool = True) -> Plan:
    """Return ``plan`` with what must not be deployed held back, and why.

    An action that deploys is held if something is missing, or could not be looked
    at just now. Whatever was found becomes advice, in sync or not: what a resource
    rests on may have been taken away since.

    Args:
        plan: What would be done.
        results: What the checks said, of any of the resources.
        warnings: Whether to tell of what holds nothing back, too.
    """
    actions = [_held(action, results.get(action.target, ())) for action in plan.actions]
    held = {v.target for v in actions if isinstance(v, Blocked)}
    advice = [
        _advised(id_, result)
        for id_, found in sorted(results.items())
        for result in found
        if _is_told(result, warnings or id_ in held)
    ]
    return plan_of([*actions, *plan.advice, *advice, *plan.blocked])


def _held(action: Action, results: tuple[Result, ...]) -> Action | Blocked:
    """Return ``action``, or the word that it would fail."""
    if not deploys(action):
        return action
    found = blocking(results)
    if found:
        message = f"{found[0].message}{_more(len(found) - 1)}"
        return Blocked(action.target, Hold.PREFLIGHT_FAILED, message, action.changes)
    unseen = [r for r in results if isinstance(r, CheckUnknown) and r.passing]
    if unseen:
        message = f"Its {unseen[0].check} could not be checked: {unseen[0].why}"
        return Blocked(
            action.target, Hold.UNKNOWN, message, action.changes, passing=True
        )
    return action


def _more(number: int) -> str:
    if not number:
        return ""
    return f" And {number} more {'finding' if number == 1 else 'findings'}."


def _is_told(result: Result, warnings: bool) -> bool:
    match result:
        case CheckFinding(severity=Severity.BLOCKS):
            return True
        case CheckFinding() | CheckUnknown():
            return warnings
        case _:
            return False


def _advised(id_: ResourceId, result: Result) -> Advice:
    match result:
        case CheckFinding():
            reason = (
                Reason.PREFLIGHT_FAILED if result.blocks else Reason.PREFLIGHT_WARNING
            )
            return Advice(id_, reason, result.message, command=result.command)
        case CheckUnknown(check, why, _, command):
            message = f"Its {check} could not be checked: {why}"
            return Advice(id_, Reason.PREFLIGHT_WARNING, message, command=command)
        case _:
            msg = f"{type(result).__name__} is nothing to advise on"
            raise AssertionError(msg)


def unseen(results: Iterable[Result]) -> bool:
    """Whether some check could not be made."""
    return any(isinstance(result, CheckUnknown) for result in results)


def attended(results: Results) -> Iterator[ResourceId]:
    """Yield what is worth looking at again soon: something stands in its way."""
    for id_, found in results.items():
        passing = any(isinstance(r, CheckUnknown) and r.passing for r in found)
        if passing or blocking(found):
            yield id_
