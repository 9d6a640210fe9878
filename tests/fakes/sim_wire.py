"""The wire between the controller and a simulated world: where faults happen.

Every call passes here and gets a number. A plan says what befalls which number,
so that one list of pairs is all it takes to play a failure again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from controller.core.errors import (
    OutcomeUnknownError,
    ThrottledError,
    TransientError,
)
from tests.fakes.sim_faults import Call, Crash, Fault, FaultKind


class Backend(Protocol):
    """Something the controller talks to."""

    name: str

    def saved(self) -> bytes:
        """Return all it knows."""
        ...

    def load(self, saved: bytes) -> None:
        """Become what it was."""
        ...


# How many calls later a late effect happens, unless the pass ends before.
LATE_BY = 6
# How many passes a backend stays away.
DOWN_FOR = 2


class Wire:
    """Passes calls on, or does to them what the plan says.

    Attributes:
        index: Number of the next call.
        trace: Calls made so far.
        struck: Faults that happened, with the calls they happened to.
        happenings: What else a fault does, by its kind; set by the world.
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
        """Begin again at call ``index``, with no plan."""
        self.index, self.before = index, before
        self.trace, self.struck, self._late, self.done = [], [], [], []
        self.late_from = None
        self._plan, self._down = {}, {}

    def plan(self, faults: Sequence[Fault]) -> None:
        """Let ``faults`` happen."""
        self._plan = {fault.at: fault for fault in faults}

    @property
    def quiet(self) -> bool:
        """Whether nothing planned is still under way or to come."""
        ahead = any(index >= self.index for index in self._plan)
        return not (ahead or self._late or self._down)

    def late_writes(self) -> list[Call]:
        """Return the writes of a leader after another one took over.

        What was on its way when the leader was stopped cannot be called back.
        """
        if self.late_from is None:
            return []
        return [
            call
            for call in self.done
            if call.index >= self.late_from and call.backend != "store"
        ]

    def next_fault(self) -> FaultKind | None:
        """Return what will befall the next call."""
        fault = self._plan.get(self.index)
        return None if fault is None or self.aside else fault.kind

    def begin_pass(self) -> bool:
        """Begin a pass; return whether its actions are to end in another order."""
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
        """Return what ``perform`` answers, unless a fault has it otherwise."""
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
            return self._befall(fault.kind, backend, call, perform)
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

    def _befall(
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
            case _ if kind in self.happenings:
                self._happen(kind)
                return done()
            case _:
                return _broken_off(kind, call, done)

    def _happen(self, kind: FaultKind) -> None:
        """Let the world change, by calls that are nobody's on this wire."""
        self.aside += 1
        try:
            self.happenings[kind]()
        finally:
            self.aside -= 1

    def _as_of_before(self, backend: Backend, perform: Callable[[], Any]) -> Any:
        """Return the answer as it was before the last write."""
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


def _broken_off(kind: FaultKind, call: Call, done: Callable[[], Any]) -> Any:
    """Carry the call out or not, and fail before or after it."""
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
    """Return the error of a call whose answer did not come."""
    if call.writes:
        return OutcomeUnknownError(f"{call.operation} may or may not have happened")
    return TransientError(f"{call.operation} got no answer")


def torn(fresh: Any, stale: Any) -> Any:
    """Return the first half of one answer and the rest of the other's list."""
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
    """Let something happen that nobody waits for."""
    try:
        effect()
    except Exception:  # noqa: BLE001 - a refusal has no other effect
        return
