"""``why``: the one thing that keeps a resource from being ready.

Whoever waits for api because api waits for mlflow wants to hear of mlflow.
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

Statuses = Mapping[ResourceId, Conditions]

# Longer than this without a pass, in intervals: nobody is at work.
LATE = 3
_ASK_STATUS = "status"

# What a person does about it, and which command comes next.
_BY_PERSON: Mapping[str, tuple[str, str]] = {
    Reason.NOT_MANAGED: (
        "Declare `adopt: true` for it, if it is to become ours",
        "apply",
    ),
    Hold.REVISION_REJECTED: (
        "Change its declaration, or do as the message says: it is not tried as it is",
        _ASK_STATUS,
    ),
    Hold.ROLLOUT_STALLED: (
        "Change its declaration, or roll it back; until then it is tried on and on",
        _ASK_STATUS,
    ),
    Hold.SUSPENDED: ("Take `suspend` out of its declaration", "apply"),
    Hold.OBSERVE_ONLY: ("Declare `mode: enforce` to let us act", "apply"),
    Hold.BACKLOG_LIMIT_EXCEEDED: (
        "Let them all be announced at once",
        "apply --allow-backlog",
    ),
    Hold.OWNERSHIP_CONFLICT: (
        "Settle who manages it: its tag hokusai.ai/managed-by names somebody else",
        _ASK_STATUS,
    ),
    Hold.PREFLIGHT_FAILED: ("Mend what the message names", "preflight"),
    Reason.PREFLIGHT_FAILED: ("Mend what the message names", "preflight"),
    "ApplyFailed": ("Mend what the message names", "apply"),
}

# The same, of what is ready and comes with a warning.
_WARNED: Mapping[str, tuple[str, str]] = {
    Reason.PREFLIGHT_WARNING: ("See what the message warns of.", "preflight"),
    Reason.TASKS_OUTDATED: (
        "Restart it, if what it runs on is to be the newest.",
        "diff",
    ),
}


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """What was last set out to do with a resource, and what came of it.

    Attributes:
        at: When it was begun.
        verb: What was to be done.
        outcome: One word, as in ``Failed``.
        message: One sentence.
        failures: How often in a row it failed.
        again: When it is tried again, if it failed.
    """

    at: datetime
    verb: Verb
    outcome: str
    message: str
    failures: int = 0
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class PassTiming:
    """When passes happen.

    Attributes:
        interval: Time between two of them when nothing asks for one sooner.
        last: When the last one was completed; None if none ever was.
        now: The time.
    """

    interval: timedelta
    last: datetime | None
    now: datetime

    @property
    def late(self) -> bool:
        """Whether nobody seems to be at work."""
        return self.last is None or self.now - self.last > self.interval * LATE


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a resource is not ready.

    Attributes:
        chain: From the resource that was asked about to the one that blocks it.
        ready: Its condition; None if no pass has seen it yet.
        tried: What was last done about it.
        next: What happens now, or what a person must do; one sentence.
        command: What to run next, without the program's name.
    """

    chain: tuple[ResourceId, ...]
    ready: Condition | None
    tried: LastAttempt | None
    next: str
    command: str

    @property
    def asked(self) -> ResourceId:
        """The resource that was asked about."""
        return self.chain[0]

    @property
    def is_ready(self) -> bool:
        """Whether there is nothing to explain."""
        return self.ready is not None and self.ready.status is Truth.TRUE


def chain_of(
    asked: ResourceId,
    resources: Mapping[ResourceId, Resource[Any]],
    statuses: Statuses,
) -> tuple[ResourceId, ...]:
    """Return the way from ``asked`` to the first that is not ready by itself."""
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
    rhythm: PassTiming,
) -> Cause:
    """Return what keeps the last of ``chain``, and so all of it, from being ready."""
    conditions = statuses.get(chain[-1])
    next_, verb = _next(conditions, rhythm)
    if not (is_ready(conditions) or rhythm.late):
        next_ += _again(tried, rhythm.now)
    ready = conditions[ConditionType.READY] if conditions else None
    return Cause(chain, ready, tried, next_, f"{verb} {chain[-1]}")


def is_ready(conditions: Conditions | None) -> bool:
    """Whether a resource with ``conditions`` is ready; unseen ones are not."""
    return bool(conditions) and _true(conditions, ConditionType.READY)


def _next(conditions: Conditions | None, rhythm: PassTiming) -> tuple[str, str]:
    """Return what comes next, and the command to run for it."""
    if conditions is None:
        return f"No pass has seen it yet{_nobody(rhythm)}.", "diff"
    if is_ready(conditions):
        reason = conditions[ConditionType.READY].reason
        return _WARNED.get(reason, ("Nothing is to be done.", _ASK_STATUS))
    stalled = conditions[ConditionType.STALLED]
    if stalled.status is Truth.TRUE or _true(conditions, ConditionType.SUSPENDED):
        what, verb = _BY_PERSON.get(
            stalled.reason
            if stalled.status is Truth.TRUE
            else conditions[ConditionType.SUSPENDED].reason,
            ("A person must act on what the message says", _ASK_STATUS),
        )
        return f"{what}.", verb
    if rhythm.late:
        return f"Nothing goes on by itself{_nobody(rhythm)}.", "apply"
    return _by_itself(conditions, rhythm)


def _by_itself(conditions: Conditions, rhythm: PassTiming) -> tuple[str, str]:
    """Return when it is looked at again, and whether that will change anything."""
    at = f"{(rhythm.last or rhythm.now) + rhythm.interval:%H:%M:%S} UTC"
    if conditions[ConditionType.READY].status is Truth.UNKNOWN:
        return f"It is looked at again at {at}, at the latest.", "diff"
    if _true(conditions, ConditionType.RECONCILING):
        what = "It goes on by itself; the next look is at"
        return f"{what} {at}, at the latest.", _ASK_STATUS
    what = "Nothing is ours to change; it is looked at again at"
    return f"{what} {at}, at the latest.", _ASK_STATUS


def _again(tried: LastAttempt | None, now: datetime) -> str:
    """Return when what failed is tried again; nothing if that is now."""
    if tried is None or tried.again is None or tried.again <= now:
        return ""
    times = "once" if tried.failures == 1 else f"{tried.failures} times in a row"
    return f" It failed {times} and is tried again at {tried.again:%H:%M:%S} UTC."


def _nobody(rhythm: PassTiming) -> str:
    if rhythm.last is None:
        return ": no controller runs here (`hokusai run` starts one)"
    if rhythm.late:
        return f": the last pass was at {rhythm.last:%Y-%m-%d %H:%M:%S} UTC"
    return ""


def _true(conditions: Conditions | None, type_: ConditionType) -> bool:
    condition = (conditions or {}).get(type_)
    return condition is not None and condition.status is Truth.TRUE
