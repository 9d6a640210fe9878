"""Root cause of a resource that is not ready, for the command ``why``.

If api waits for mlflow, the cause is that of mlflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.condition import (
    Condition,
    Conditions,
    ConditionType,
    Truth,
)
from controller.core.resources.plan import Hold, Reason, Verb
from controller.core.values.utc_text import utc_text

Statuses = Mapping[ResourceId, Conditions]

# After this many intervals without a pass, no controller is running.
LATE = 3
_ASK_STATUS = "status"

# Manual action for a reason, and the next command.
_MANUAL: Mapping[str, tuple[str, str]] = {
    Reason.NOT_MANAGED: (
        "Declare `adopt: true` if this controller should manage it",
        "apply",
    ),
    Hold.REVISION_REJECTED: (
        "Change its declaration or follow the message; it is not retried as it is",
        _ASK_STATUS,
    ),
    Hold.ROLLOUT_STALLED: (
        "Change its declaration or roll it back; until then the rollout keeps trying",
        _ASK_STATUS,
    ),
    Hold.SUSPENDED: ("Remove `suspend` from its declaration", "apply"),
    Hold.OBSERVE_ONLY: ("Declare `mode: enforce` to allow changes", "apply"),
    Hold.BACKLOG_LIMIT_EXCEEDED: (
        "Allow all announcements at once",
        "apply --allow-backlog",
    ),
    Hold.OWNERSHIP_CONFLICT: (
        "Decide which controller manages it: its tag hokusai.ai/managed-by names another",
        _ASK_STATUS,
    ),
    Hold.WRITE_CONFLICT: (
        "Find the other writer and stop it, or change the declaration",
        _ASK_STATUS,
    ),
    Hold.APPROVAL_REQUIRED: ("Approve the version that the message names", _ASK_STATUS),
    Hold.PREFLIGHT_FAILED: ("Fix the problem that the message describes", "preflight"),
    "ApplyFailed": ("Fix the problem that the message describes", "apply"),
    "TargetDisabled": (
        "Fix the receiver, then enable the target",
        'retry {id} --reason "…"',
    ),
}

# Command that explains why a resource is not healthy, by the reason.
_EXPLAINED: Mapping[str, str] = {
    "SecretUnreadable": "preflight",
    "AddressNotPermitted": "webhooks doctor {name}",
    "BreakerOpen": "webhooks doctor {name}",
    "Retrying": "webhooks doctor {name}",
    "DeliveryFailed": "deliveries list --target {name} --only dead",
}

# The same for resources that are ready with a warning.
_WARNED: Mapping[str, tuple[str, str]] = {
    Reason.WRITE_CONFLICT: ("Find the other writer and stop it.", _ASK_STATUS),
    Reason.APPROVAL_REQUIRED: ("Approve the version that the message names.", "diff"),
    Reason.GATE_FAILED: (
        "Register a version that passes the gates, or change them.",
        _ASK_STATUS,
    ),
    Reason.ROLLED_BACK: ("Change the entry of the alias, or end the rollback.", "diff"),
    Reason.PREFLIGHT_WARNING: ("Review the warning in the message.", "preflight"),
    Reason.TASKS_OUTDATED: (
        "Restart it if its tasks should run the newest version.",
        "diff",
    ),
}


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """Last action on a resource, with its outcome.

    Attributes:
        at: Time at which it began.
        verb: Operation.
        outcome: Outcome as one word, as in ``Failed``.
        message: Outcome as one sentence.
        failures: Number of failures in a row.
        again: Time of the next attempt, if it failed.
    """

    at: datetime
    verb: Verb
    outcome: str
    message: str
    failures: int = 0
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class PassTiming:
    """Times of reconcile passes.

    Attributes:
        interval: Time between two passes that nothing triggers earlier.
        last: Time at which the last pass was completed; None if there was none.
        now: Current time.
    """

    interval: timedelta
    last: datetime | None
    now: datetime

    @property
    def late(self) -> bool:
        """True if no controller seems to be running."""
        return self.last is None or self.now - self.last > self.interval * LATE


@dataclass(frozen=True, slots=True)
class Cause:
    """Reason why a resource is not ready.

    Attributes:
        chain: Resources from the queried one to the one that blocks it.
        ready: Ready condition of the blocking one; None if it was not observed yet.
        last_attempt: Last action on the blocking one.
        next_step: Next automatic step or required action; one sentence.
        command: Next command to run, without the program's name.
    """

    chain: tuple[ResourceId, ...]
    ready: Condition | None
    last_attempt: LastAttempt | None
    next_step: str
    command: str

    @property
    def resource(self) -> ResourceId:
        """The queried resource."""
        return self.chain[0]

    @property
    def is_ready(self) -> bool:
        """True if the resource is ready and there is nothing to explain."""
        return self.ready is not None and self.ready.status is Truth.TRUE

    @property
    def warning(self) -> str:
        """Message of a warning about a ready resource; empty if there is none."""
        is_warned = self.ready is not None and self.ready.reason in _WARNED
        return self.ready.message if self.ready and is_warned and self.is_ready else ""


def chain_of(
    asked: ResourceId,
    resources: Mapping[ResourceId, Resource[Any]],
    statuses: Statuses,
) -> tuple[ResourceId, ...]:
    """Return the chain from ``asked`` to the dependency that is the root cause."""
    chain = [asked]
    while not is_ready(statuses.get(chain[-1])):
        resource = resources.get(chain[-1])
        waits = sorted(
            id_
            for id_ in (resource.depends_on if resource else ())
            if not is_ready(statuses.get(id_)) and id_ not in chain
        )
        if not waits:
            break
        chain.append(waits[0])
    return tuple(chain)


def cause_of(
    chain: tuple[ResourceId, ...],
    statuses: Statuses,
    tried: LastAttempt | None,
    timing: PassTiming,
) -> Cause:
    """Return the reason why the last of ``chain``, and so all of it, is not ready."""
    conditions = statuses.get(chain[-1])
    next_, verb = _next(conditions, timing)
    if not (is_ready(conditions) or timing.late):
        next_ += _retry(tried, timing.now)
    ready = conditions[ConditionType.READY] if conditions else None
    return Cause(chain, ready, tried, next_, _command(verb, chain[-1]))


def _command(words: str, id_: ResourceId) -> str:
    """Return ``words`` with the resource at its place; at the end by default."""
    if "{" in words:
        return words.format(id=id_, name=id_.name)
    return f"{words} {id_}"


def is_ready(conditions: Conditions | None) -> bool:
    """Return True if ``conditions`` contain a true Ready condition."""
    return bool(conditions) and _true(conditions, ConditionType.READY)


def _next(conditions: Conditions | None, timing: PassTiming) -> tuple[str, str]:
    """Return the next step, and the command to run for it."""
    if conditions is None:
        return f"Not observed yet{_no_controller(timing)}.", "diff"
    if is_ready(conditions):
        reason = conditions[ConditionType.READY].reason
        return _WARNED.get(reason, ("No action required.", _ASK_STATUS))
    stalled = conditions[ConditionType.STALLED]
    if stalled.status is Truth.TRUE or _true(conditions, ConditionType.SUSPENDED):
        action, verb = _MANUAL.get(
            stalled.reason
            if stalled.status is Truth.TRUE
            else conditions[ConditionType.SUSPENDED].reason,
            ("Manual action is required; see the message", _ASK_STATUS),
        )
        return f"{action}.", verb
    if timing.late:
        return f"No automatic progress{_no_controller(timing)}.", "apply"
    return _automatic(conditions, timing)


def _automatic(conditions: Conditions, timing: PassTiming) -> tuple[str, str]:
    """Return the automatic next step with its time, and the command to run."""
    at = utc_text((timing.last or timing.now) + timing.interval)
    if conditions[ConditionType.READY].status is Truth.UNKNOWN:
        return f"Next check by {at}.", "diff"
    if _true(conditions, ConditionType.RECONCILING):
        return f"In progress; no action needed. Next check by {at}.", _ASK_STATUS
    command = _EXPLAINED.get(conditions[ConditionType.HEALTHY].reason, _ASK_STATUS)
    return f"The controller has nothing to change. Next check by {at}.", command


def _retry(tried: LastAttempt | None, now: datetime) -> str:
    """Return the time at which a failed action is retried; empty if that is now."""
    if tried is None or tried.again is None or tried.again <= now:
        return ""
    times = "once" if tried.failures == 1 else f"{tried.failures} times in a row"
    return f" Failed {times}; next attempt at {utc_text(tried.again)}."


def _no_controller(timing: PassTiming) -> str:
    if timing.last is None:
        return ": no controller is running (`hokusai run` starts one)"
    if timing.late:
        return f": the last pass was at {utc_text(timing.last)}"
    return ""


def _true(conditions: Conditions | None, type_: ConditionType) -> bool:
    condition = (conditions or {}).get(type_)
    return condition is not None and condition.status is Truth.TRUE
