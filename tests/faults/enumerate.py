"""Which faults can befall which call, and all the plans that follow."""

from collections.abc import Iterator, Sequence

from tests.fakes.sim_faults import Call, Fault, FaultKind

_ANY = (FaultKind.CRASH_BEFORE,)
_REFUSED = (FaultKind.THROTTLED, FaultKind.SERVER_ERROR, FaultKind.TIMEOUT)
_SENT = (
    FaultKind.CRASH_AFTER,
    FaultKind.LOST_REPLY,
    FaultKind.LATE_EFFECT,
    FaultKind.DUPLICATE,
)
_MEANWHILE = (
    FaultKind.CLOCK_FORWARD,
    FaultKind.CLOCK_BACK,
    FaultKind.PAUSED_LEADER,
    FaultKind.EQUAL_NAMES,
    FaultKind.HOSTILE_EDIT,
    FaultKind.BROKEN_DOCUMENT,
    FaultKind.EMPTY_DOCUMENT,
)
RECEIVERS = frozenset({"site", "mirror"})


def faults_of(call: Call) -> tuple[FaultKind, ...]:
    """Return what can befall ``call``."""
    first = (FaultKind.REORDERED,) if call.opens else ()
    if call.backend == "store":
        return (*first, *_of_store(call))
    if call.writes:
        return (*_ANY, *_REFUSED, *_SENT, FaultKind.DOWN, *first, *_MEANWHILE)
    lists = (FaultKind.TORN_PAGE,) if call.lists else ()
    reads = (*_REFUSED, FaultKind.STALE_READ, *lists, FaultKind.DOWN)
    return (*_ANY, *reads, *first, *_MEANWHILE)


def _of_store(call: Call) -> tuple[FaultKind, ...]:
    """Return what can befall a transaction; whole ones only, as it is a database."""
    if not call.writes:
        return (
            FaultKind.CRASH_BEFORE,
            FaultKind.SERVER_ERROR,
            FaultKind.DOWN,
            FaultKind.SILENT,
        )
    return (
        FaultKind.CRASH_BEFORE,
        FaultKind.CRASH_AFTER_INTENT,
        FaultKind.LOST_REPLY,
        FaultKind.SERVER_ERROR,
        FaultKind.DOWN,
        FaultKind.SILENT,
        FaultKind.PAUSED_LEADER,
        FaultKind.EQUAL_NAMES,
        FaultKind.CLOCK_BACK,
        FaultKind.CLOCK_FORWARD,
    )


def singles(trace: Sequence[Call]) -> Iterator[tuple[Fault, ...]]:
    """Yield every plan of one fault for the calls in ``trace``."""
    for call in trace:
        for kind in faults_of(call):
            yield (Fault(call.index, kind),)


def seconds(first: Fault, trace: Sequence[Call]) -> Iterator[tuple[Fault, ...]]:
    """Yield every plan of ``first`` and a later fault, for the calls it leads to."""
    for call in trace:
        if call.index > first.at:
            for kind in faults_of(call):
                yield (first, Fault(call.index, kind))
