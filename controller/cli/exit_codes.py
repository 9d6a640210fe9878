"""Exit codes: the meanings that several commands share, and how they are derived."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.core.document.resource import ResourceId
    from controller.core.planning.preflight import Results
    from controller.core.resources.explanation import Explanations
    from controller.core.resources.plan import Plan


class Exit(IntEnum):
    """The three results that a script can branch on."""

    OK = 0
    DIFFERENT = 1
    FAILED = 2


DONE = {
    0: "succeeded",
    2: "failed; the message on stderr gives the reason",
}
VALID = {
    0: "the document is valid",
    2: "the document is invalid, or cannot be read",
}
READY = {
    0: "every selected resource is ready",
    1: "at least one resource is not ready",
    2: "the status is not known: no pass is recorded, or the database or server "
    "cannot be read",
}
INTERVENTION = {
    0: "succeeded; the resource is healthy",
    1: "carried out, but the resource is not healthy, or not yet",
    2: "not carried out: refused, not confirmed, or another controller holds the lease",
    130: "interrupted; ECS completes what was started",
}


def of_plan(plan: Plan) -> Exit:
    """Return the exit code of ``diff`` for ``plan``; unknown takes precedence."""
    if not plan.complete:
        return Exit.FAILED
    return Exit.OK if plan.in_sync else Exit.DIFFERENT


def of_results(results: Results) -> Exit:
    """Return the exit code of ``preflight``; a check not completed takes precedence."""
    from controller.core.planning.preflight import CheckFinding, is_incomplete

    found = [result for of_one in results.values() for result in of_one]
    if is_incomplete(found):
        return Exit.FAILED
    wrong = any(isinstance(result, CheckFinding) for result in found)
    return Exit.DIFFERENT if wrong else Exit.OK


def of_explanations(told: Mapping[ResourceId, Explanations]) -> Exit:
    """Return the exit code of ``diff --explain``; unknown takes precedence."""
    from controller.core.resources.explanation import Comparison

    if any(isinstance(found, str) for found in told.values()):
        return Exit.FAILED
    every = [
        one for found in told.values() for one in found if not isinstance(one, str)
    ]
    differs = any(one.comparison is Comparison.DIFFERS for one in every)
    return Exit.DIFFERENT if differs else Exit.OK
