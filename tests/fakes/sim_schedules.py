"""Random schedules of two competing leaders, and a check of their writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from controller.core.errors import PermanentError
from controller.store.database import Database
from controller.store.lease import Lease, Leases
from controller.store.triggers import Triggers
from tests.faults.plan import drawn

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# A lease that has expired when its holder continues, and one that has not.
PAUSED, HELD = timedelta(0), timedelta(hours=1)
STEPS = 9
_MOVES = ("take", "take and sleep", "renew", "write", "write", "write", "release")


@dataclass
class Leader:
    """One of the two leaders, with its own connection."""

    name: str
    database: Database
    lease: Lease | None = None
    believed: list[int] = field(default_factory=list)

    def write(self) -> bool:
        """Write a row; return True if the store accepted it."""
        try:
            Triggers(self.database).ask(self.name, NOW)
        except PermanentError:
            return False
        return True


def violations(databases: Sequence[Database], seed: int) -> list[str]:
    """Run one schedule and return writes that were wrongly accepted or refused."""
    leaders = [Leader(n, d) for n, d in zip("ab", databases, strict=True)]
    for leader in leaders:
        leader.database.fence(None)
    newest, wrong = 0, []
    for step in range(STEPS):
        leader = leaders[drawn(seed, 2 * step, 2)]
        move = _MOVES[drawn(seed, 2 * step + 1, len(_MOVES))]
        leases = Leases(leader.database)
        match move:
            case "take" | "take and sleep":
                ttl = HELD if move == "take" else PAUSED
                claim = leases.acquire(f"lease-{seed}", leader.name, ttl)
                if isinstance(claim, Lease):
                    leader.lease, newest = claim, claim.token
                    leases.fence(claim)
            case "renew" if leader.lease is not None:
                leases.renew(leader.lease, HELD)
            case "release" if leader.lease is not None:
                leases.release(leader.lease)
            case "write" if leader.lease is not None:
                accepted, current = leader.write(), leader.lease.token == newest
                if accepted is not current:
                    word = "accepted" if accepted else "refused"
                    wrong.append(f"step {step}: {leader.name} was {word}")
            case _:
                continue
    return wrong
