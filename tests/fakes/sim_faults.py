"""What may go wrong with a call, and a call as it was made."""

from dataclasses import dataclass
from enum import StrEnum


class Crash(BaseException):
    """The process dies; nothing in it may catch this."""


class FaultKind(StrEnum):
    """What befalls a call, or the world while a call is under way."""

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
    HOSTILE_EDIT = "hostile edit"
    BROKEN_DOCUMENT = "broken document"
    EMPTY_DOCUMENT = "empty document"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        at: Number of the call it happens to.
        kind: What happens.
    """

    at: int
    kind: FaultKind


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was made.

    Attributes:
        index: Its number.
        backend: Who was asked.
        operation: What for.
        writes: Whether it may change something.
        opens: Whether it is the first of a pass.
        lists: Whether its answer holds a list that may come in pages.
    """

    index: int
    backend: str
    operation: str
    writes: bool
    opens: bool = False
    lists: bool = False
