"""Evaluation of IAM policies, as far as their text allows.

Used only if SimulatePrincipalPolicy fails: permission boundaries, session policies
and policies of the organization are not evaluated.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

ECS_TASKS = "ecs-tasks.amazonaws.com"


class Access(StrEnum):
    """Verdict of policies on one action."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNSURE = "unsure"


def trusts_tasks(document: Mapping[str, Any]) -> bool:
    """Return True if a trust policy allows ECS tasks to assume the role."""
    return any(
        statement.get("Effect") == "Allow"
        and ECS_TASKS in _services(statement.get("Principal"))
        and _matches(statement.get("Action"), "sts:assumerole")
        for statement in _statements(document)
    )


def access(
    documents: Iterable[Mapping[str, Any]], action: str, resource: str
) -> Access:
    """Return the verdict of ``documents`` on ``action`` for ``resource``.

    A statement with a condition or an exception (``NotAction``, ``NotResource``) is not
    decided: the verdict is unsure.
    """
    found = Access.DENIED
    for statement in (s for document in documents for s in _statements(document)):
        exact = "Condition" not in statement and not {
            "NotAction",
            "NotResource",
        }.intersection(statement)
        if exact and not _speaks_of(statement, action, resource):
            continue
        if not exact and not _may_speak_of(statement, action):
            continue
        if statement.get("Effect") == "Deny":
            return Access.DENIED if exact else Access.UNSURE
        found = Access.ALLOWED if exact or found is Access.ALLOWED else Access.UNSURE
    return found


def _speaks_of(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    resources = _many(statement.get("Resource"))
    return _matches(statement.get("Action"), action.lower()) and any(
        fnmatchcase(resource, str(pattern)) for pattern in resources
    )


def _may_speak_of(statement: Mapping[str, Any], action: str) -> bool:
    """Return True if a statement that is not exact may apply to ``action``."""
    if "NotAction" in statement:
        return not _matches(statement["NotAction"], action.lower())
    return _matches(statement.get("Action"), action.lower())


def _statements(document: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found = document.get("Statement", ())
    return (found,) if isinstance(found, Mapping) else found


def _services(principal: Any) -> Iterable[Any]:
    return _many(principal.get("Service")) if isinstance(principal, Mapping) else ()


def _matches(patterns: Any, action: str) -> bool:
    return any(fnmatchcase(action, str(p).lower()) for p in _many(patterns))


def _many(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
