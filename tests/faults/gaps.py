"""What is known not to hold yet, fault by fault, and why. Everything else must."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.fakes.sim_faults import Call, Fault, FaultKind


@dataclass(frozen=True, slots=True)
class Gap:
    """Runs in which an oracle is known to find something.

    Attributes:
        workload: In which workload; all, if empty.
        kind: The fault.
        operation: The call it happens to.
        why: What is missing.
        faults: How many must have struck together.
    """

    workload: str
    kind: FaultKind
    operation: str
    why: str
    faults: int = 1


_FORCED = ("new digest under a tag, redeployed", "secret rotated, tasks restarted")
_MARKED = (*_FORCED, "new digest under a tag, pinned")
GAPS: tuple[Gap, ...] = (
    *(
        Gap(
            workload,
            kind,
            "ecs:UpdateService",
            "UpdateService has no token: a forced deployment that is delivered twice, "
            "or after another leader's, is two, and the second is not known as ours",
        )
        for workload in _FORCED
        for kind in (FaultKind.DUPLICATE, FaultKind.PAUSED_LEADER)
    ),
    *(
        Gap(
            workload,
            FaultKind.PAUSED_LEADER,
            "ecs:TagResource",
            "the mark of a late leader takes the place of the stamp of the next one, "
            "and the next pass stamps once more",
        )
        for workload in _MARKED
    ),
)


def is_known(workload: str, struck: Sequence[tuple[Fault, Call]]) -> str:
    """Return why a run may be found wanting; empty if it may not."""
    for fault, call in struck:
        for gap in GAPS:
            if (
                len(struck) >= gap.faults
                and gap.workload in {"", workload}
                and gap.kind is fault.kind
                and gap.operation == call.operation
            ):
                return gap.why
    return ""
