"""How long things take in the simulated ECS."""

from dataclasses import dataclass
from datetime import timedelta

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations of what AWS does between one state and the next.

    The defaults are near what Fargate shows; ``quick`` is for a local platform
    and ``instant`` for tests that are about something else.

    Attributes:
        provisioning: until the network interface is attached.
        settling: how long containers must have run before ECS calls the task
            RUNNING. A container that dies sooner was never RUNNING.
        deprovisioning: until the network interface is gone.
        stopped_task_kept: how long a stopped task can still be described.
        inactive_service_kept: the same for a deleted service.
        failures_before_backoff: failed starts in a row until ECS slows down.
        first_backoff: the first pause; it doubles with each failure.
        longest_backoff: what the pause never exceeds.
        steady_state_repeats: how often a steady service says so again.
    """

    provisioning: timedelta = timedelta(seconds=8)
    settling: timedelta = timedelta(seconds=4)
    deprovisioning: timedelta = timedelta(seconds=4)
    stopped_task_kept: timedelta = timedelta(hours=1)
    inactive_service_kept: timedelta = timedelta(hours=1)
    failures_before_backoff: int = 3
    first_backoff: timedelta = timedelta(seconds=15)
    longest_backoff: timedelta = timedelta(minutes=15)
    steady_state_repeats: timedelta = timedelta(hours=6)

    @classmethod
    def quick(cls) -> "Timing":
        """Return durations a person is willing to watch."""
        return cls(
            provisioning=timedelta(milliseconds=100),
            settling=timedelta(milliseconds=500),
            deprovisioning=timedelta(milliseconds=100),
            first_backoff=timedelta(seconds=2),
            longest_backoff=timedelta(seconds=30),
        )

    @classmethod
    def instant(cls) -> "Timing":
        """Return no durations at all."""
        return cls(
            provisioning=ZERO, settling=ZERO, deprovisioning=ZERO, first_backoff=ZERO
        )
