"""Fault injection between the controller and a simulated world.

Every call passes through the wire and gets a number. A plan assigns faults to numbers,
so that a list of pairs reproduces a failure.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from controller.core.errors import (
    OutcomeUnknownError,
    StoreUnavailableError,
    ThrottledError,
    TransientError,
)
from tests.fakes.sim_faults import Call, Crash, Fault, FaultKind


class Backend(Protocol):
    """A system that the controller calls."""

    name: str

    def saved(self) -> bytes:
        """Return the state."""
        ...

    def load(self, saved: bytes) -> None:
        """Restore a saved state."""
        ...


# Calls until a late effect happens, unless the pass ends before.
LATE_BY = 6
# Passes for which a backend is down.
DOWN_FOR = 2


# A claim of the delivery permits them, not the lease of the leader.
DELIVERIES = frozenset({"POST", "PUSH", "sqs:SendMessage", "events:PutEvents"})


class Wire:
    """Forwards calls, and applies the planned faults.

    Attributes:
        index: Number of the next call.
        trace: Calls so far.
        struck: Faults that happened, each with its call.
        happenings: Further effects of faults by kind; set by the world.
    """

    def __init__(self) -> None:
        self.index = 0
        self.trace: list[Call] = []
        self.struck: list[tuple[Fault, Call]] = []
        self.happenings: dict[FaultKind, Callable[[], None]] = {}
        self.before: dict[str, bytes] = {}
        self.writes = 0
        self.aside = 0
        self.landed = False
        self.watch: Callable[[Call], None] = lambda _call: None
        self.late_from: int | None = None
        self.done: list[Call] = []
        self._plan: dict[int, Fault] = {}
        self._late: list[tuple[int, Callable[[], Any]]] = []
        self._down: dict[str, int] = {}
        self._opens = True

    def restart(self, index: int, before: dict[str, bytes]) -> None:
        """Restart at call ``index`` without a plan."""
        self.index, self.before = index, before
        self.trace, self.struck, self._late, self.done = [], [], [], []
        self.late_from = None
        self._plan, self._down = {}, {}

    def plan(self, faults: Sequence[Fault]) -> None:
        """Plan ``faults``."""
        self._plan = {fault.at: fault for fault in faults}

    @property
    def quiet(self) -> bool:
        """True if no planned fault is pending or in effect."""
        ahead = any(index >= self.index for index in self._plan)
        return not (ahead or self._late or self._down)

    def late_writes(self) -> list[Call]:
        """Return the writes of a leader after another one took over.

        A call that was sent before the leader was suspended does not count.
        """
        if self.late_from is None:
            return []
        return [
            call
            for call in self.done
            if call.index >= self.late_from
            and call.backend != "store"
            and call.operation not in DELIVERIES
        ]

    def next_fault(self) -> FaultKind | None:
        """Return the planned fault of the next call."""
        fault = self._plan.get(self.index)
        return None if fault is None or self.aside else fault.kind

    def begin_pass(self) -> bool:
        """Start a pass; return True if its actions complete in reverse order."""
        for _, effect in self._late:
            _try(effect)
        self._late = []
        self._down = {name: left - 1 for name, left in self._down.items() if left > 1}
        self._opens, self.writes, self.landed = True, 0, False
        fault = self._plan.get(self.index)
        return fault is not None and fault.kind is FaultKind.REORDERED

    def call(
        self,
        backend: Backend,
        operation: str,
        *,
        writes: bool,
        perform: Callable[[], Any],
        lists: bool = False,
    ) -> Any:
        """Return the result of ``perform``, or apply the planned fault."""
        if self.aside:
            return perform()
        self._land()
        opens, self._opens = self._opens, False
        call = Call(self.index, backend.name, operation, writes, opens, lists)
        self.index += 1
        self.trace.append(call)
        fault = self._plan.get(call.index)
        if fault is not None:
            self.struck.append((fault, call))
            return self._apply_fault(fault.kind, backend, call, perform)
        if backend.name in self._down:
            message = f"{call.operation}: {backend.name} cannot be reached"
            raise TransientError(message)
        return self._perform(backend, call, perform)

    def _perform(self, backend: Backend, call: Call, perform: Callable[[], Any]) -> Any:
        if call.writes:
            self.writes += 1
            self.done.append(call)
            self.watch(call)
            if backend.name != "store":
                self.before[backend.name] = backend.saved()
        return perform()

    def _apply_fault(
        self,
        kind: FaultKind,
        backend: Backend,
        call: Call,
        perform: Callable[[], Any],
    ) -> Any:
        def done() -> Any:
            return self._perform(backend, call, perform)

        match kind:
            case FaultKind.LATE_EFFECT:
                self._late.append((call.index + LATE_BY, perform))
                raise unanswered(call)
            case FaultKind.DUPLICATE:
                answer = done()
                _try(done)
                return answer
            case FaultKind.DOWN:
                self._down[backend.name] = DOWN_FOR
                message = f"{call.operation}: {backend.name} cannot be reached"
                raise TransientError(message)
            case FaultKind.STALE_READ | FaultKind.TORN_PAGE if call.writes:
                return done()
            case FaultKind.STALE_READ:
                return self._as_of_before(backend, perform)
            case FaultKind.TORN_PAGE:
                return torn(perform(), self._as_of_before(backend, perform))
            case FaultKind.SILENT:
                # The use of the store ends at its deadline, before the commit.
                self._happen(kind)
                message = f"{call.operation}: {backend.name} does not answer"
                raise StoreUnavailableError(message)
            case _ if kind in self.happenings:
                self._happen(kind)
                return done()
            case _:
                return _interrupt(kind, call, done)

    def _happen(self, kind: FaultKind) -> None:
        """Change the world by calls that are not counted on this wire."""
        self.aside += 1
        try:
            self.happenings[kind]()
        finally:
            self.aside -= 1

    def _as_of_before(self, backend: Backend, perform: Callable[[], Any]) -> Any:
        """Return the response from before the last write."""
        if backend.name not in self.before:
            return perform()
        saved = backend.saved()
        backend.load(self.before[backend.name])
        try:
            return perform()
        finally:
            backend.load(saved)

    def _land(self) -> None:
        due = [effect for at, effect in self._late if at <= self.index]
        self._late = [(at, e) for at, e in self._late if at > self.index]
        self.landed = self.landed or bool(due)
        for effect in due:
            _try(effect)


def _interrupt(kind: FaultKind, call: Call, done: Callable[[], Any]) -> Any:
    """Fail before or after the effect of the call."""
    if kind in _AFTERWARDS:
        done()
    match kind:
        case FaultKind.REORDERED:
            return done()
        case FaultKind.LOST_REPLY | FaultKind.TIMEOUT:
            raise unanswered(call)
        case FaultKind.THROTTLED:
            message = f"{call.operation} failed: rate exceeded"
            raise ThrottledError(message)
        case FaultKind.SERVER_ERROR:
            message = f"{call.operation} failed: 503"
            raise TransientError(message)
        case _:
            raise Crash


_AFTERWARDS = frozenset(
    {FaultKind.CRASH_AFTER, FaultKind.CRASH_AFTER_INTENT, FaultKind.LOST_REPLY}
)


def unanswered(call: Call) -> TransientError:
    """Return the error of a call without a response."""
    if call.writes:
        return OutcomeUnknownError(f"{call.operation} may or may not have happened")
    return TransientError(f"{call.operation} got no response")


def torn(fresh: Any, stale: Any) -> Any:
    """Return a list with the first half of one response and the rest of the other."""
    match fresh, stale:
        case Mapping(), Mapping():
            return {
                key: torn(value, stale.get(key, value)) for key, value in fresh.items()
            }
        case list(), list():
            half = (len(fresh) + 1) // 2
            return [*fresh[:half], *stale[half:]]
        case _:
            return fresh


def _try(effect: Callable[[], Any]) -> None:
    """Run an effect and ignore its errors."""
    try:
        effect()
    except Exception:  # noqa: BLE001 - a refusal has no other effect
        return
