"""Faults of calls, and records of calls."""

from dataclasses import dataclass
from enum import StrEnum


class Crash(BaseException):
    """Death of the process; no code in it may catch this."""


class FaultKind(StrEnum):
    """Fault of a call, or change of the environment during a call."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    CRASH_AFTER_INTENT = "crash between intent and call"
    LOST_REPLY = "lost reply"
    LATE_EFFECT = "late effect"
    DUPLICATE = "duplicate delivery"
    THROTTLED = "throttling"
    SERVER_ERROR = "5xx"
    TIMEOUT = "timeout"
    STALE_READ = "stale read"
    TORN_PAGE = "torn page"
    REORDERED = "reordered completion"
    DOWN = "backend down"
    CLOCK_FORWARD = "clock jumps forward"
    CLOCK_BACK = "clock jumps back"
    PAUSED_LEADER = "paused leader"
    SILENT = "silent socket"
    EQUAL_NAMES = "equal host names"
    HOSTILE_EDIT = "hostile edit"
    BROKEN_DOCUMENT = "broken document"
    EMPTY_DOCUMENT = "empty document"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A planned fault.

    Attributes:
        at: Number of the call that fails.
        kind: Kind of the fault.
    """

    at: int
    kind: FaultKind


@dataclass(frozen=True, slots=True)
class Call:
    """Record of a call.

    Attributes:
        index: Number of the call.
        backend: Name of the backend.
        operation: Name of the operation.
        writes: True if the call may change something.
        opens: True if it is the first call of a pass.
        lists: True if the response contains a list that may be paginated.
    """

    index: int
    backend: str
    operation: str
    writes: bool
    opens: bool = False
    lists: bool = False
