"""Preflight checks: prerequisites that are checked before a deployment.

Without them a deployment with a missing prerequisite would fail minutes later, half
done. All problems are reported at once, each with the command that fixes it. An
unchecked item counts neither as pass nor as fail.
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
from controller.core.values.counts import counted


class Severity(StrEnum):
    """Effect of a finding on an action; completes "it ... the deployment"."""

    BLOCKS = "blocks"
    WARNS = "warns"


# Name of the check if no check could run. The name is part of the output.
EVERYTHING = "surroundings"


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """A check that passed."""

    check: str


@dataclass(frozen=True, slots=True)
class CheckSkipped:
    """A check that does not apply or cannot be made."""

    check: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckUnknown:
    """A check that failed to run.

    Attributes:
        check: Name of the check.
        reason: Cause of the failure.
        temporary: True if the next attempt may succeed: a deployment waits for it. A
            refused permission is permanent, so it only warns.
        command: Command that makes the check possible, if it is known.
    """

    check: str
    reason: str
    temporary: bool
    command: str = ""


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """An unmet prerequisite of a resource.

    Attributes:
        check: Name of the check.
        severity: Effect on a deployment.
        path: Field of the declaration that depends on it.
        message: Problem and its consequence; without a secret's value.
        command: AWS CLI command that fixes it or shows the current state.
    """

    check: str
    severity: Severity
    path: str
    message: str
    command: str = ""

    @property
    def blocks(self) -> bool:
        """True if the finding prevents a deployment."""
        return self.severity is Severity.BLOCKS


Result: TypeAlias = CheckPassed | CheckSkipped | CheckUnknown | CheckFinding
Results: TypeAlias = Mapping[ResourceId, tuple[Result, ...]]
Resources: TypeAlias = Mapping[ResourceId, Resource[Any]]


@runtime_checkable
class PreflightDriver(Protocol):
    """A driver that can check the prerequisites of its resources."""

    def inspect(self, resources: Resources) -> Results:
        """Return the results of every check for each of ``resources``.

        Reads only, and never a secret's value. A check that failed to run is
        ``CheckUnknown``; raises DriverError only if no check could run.
        """
        ...


def deploys(action: Action) -> bool:
    """Return True if ``action`` starts tasks, which need their prerequisites."""
    if action.verb is Verb.DELETE:
        return False
    return action.verb is Verb.CREATE or action.disruptive


def blocking(results: Iterable[Result]) -> tuple[CheckFinding, ...]:
    """Return the findings that prevent a deployment."""
    return tuple(r for r in results if isinstance(r, CheckFinding) and r.blocks)


def with_findings(plan: Plan, results: Results, *, warnings: bool = True) -> Plan:
    """Return ``plan`` with deployments held back that lack a prerequisite.

    A deployment is held if a prerequisite is missing or temporarily unchecked. Each
    finding also becomes advice, even for a resource in sync: its prerequisites may have
    been removed since the deployment.

    Args:
        plan: Plan to filter.
        results: Results of the checks, by resource.
        warnings: True to include findings that hold nothing back.
    """
    actions = [_held(action, results.get(action.target, ())) for action in plan.actions]
    held = {v.target for v in actions if isinstance(v, Blocked)}
    advice = [
        _advice(id_, result)
        for id_, found in sorted(results.items())
        for result in found
        if _is_advice(result, warnings or id_ in held)
    ]
    return plan_of([*actions, *plan.advice, *advice, *plan.blocked])


def _held(action: Action, results: tuple[Result, ...]) -> Action | Blocked:
    """Return ``action``, or a hold with the reason why it would fail."""
    if not deploys(action):
        return action
    found = blocking(results)
    if found:
        message = f"{found[0].message}{_more(len(found) - 1)}"
        return Blocked(action.target, Hold.PREFLIGHT_FAILED, message, action.changes)
    unchecked = [r for r in results if isinstance(r, CheckUnknown) and r.temporary]
    if unchecked:
        message = _unchecked(unchecked[0].check, unchecked[0].reason)
        return Blocked(
            action.target, Hold.UNKNOWN, message, action.changes, temporary=True
        )
    return action


def _more(number: int) -> str:
    return f" {counted(number, 'more finding')}." if number else ""


def _unchecked(check: str, reason: str) -> str:
    return f"The check `{check}` could not run: {reason}"


def _is_advice(result: Result, warnings: bool) -> bool:
    match result:
        case CheckFinding(severity=Severity.BLOCKS):
            return True
        case CheckFinding() | CheckUnknown():
            return warnings
        case _:
            return False


def _advice(id_: ResourceId, result: Result) -> Advice:
    match result:
        case CheckFinding():
            word = (
                Reason.PREFLIGHT_FAILED if result.blocks else Reason.PREFLIGHT_WARNING
            )
            return Advice(id_, word, result.message, command=result.command)
        case CheckUnknown(check, reason, _, command):
            message = _unchecked(check, reason)
            return Advice(id_, Reason.PREFLIGHT_WARNING, message, command=command)
        case _:
            msg = f"no advice follows from {type(result).__name__}"
            raise AssertionError(msg)


def is_incomplete(results: Iterable[Result]) -> bool:
    """Return True if some check failed to run."""
    return any(isinstance(result, CheckUnknown) for result in results)


def warned(results: Results) -> frozenset[ResourceId]:
    """Return the resources with a warning, whose cause a user may have removed."""
    return frozenset(
        id_
        for id_, found in results.items()
        if any(isinstance(one, CheckFinding | CheckUnknown) for one in found)
    )


def recheck_soon(results: Results) -> Iterator[ResourceId]:
    """Yield the resources to check again soon, because of a blocking or failed check."""
    for id_, found in results.items():
        temporary = any(isinstance(r, CheckUnknown) and r.temporary for r in found)
        if temporary or blocking(found):
            yield id_
