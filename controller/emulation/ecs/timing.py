"""Durations in the simulated ECS."""

from dataclasses import dataclass
from datetime import timedelta

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations between the states of tasks and services.

    The defaults approximate Fargate; ``quick`` is for the local platform, ``instant``
    for tests that are not about durations.

    Attributes:
        provisioning: Time to attach the network interface.
        settling: Time that containers must run before the task is RUNNING. A task
            whose container exits earlier is never RUNNING.
        deprovisioning: Time to delete the network interface.
        stopped_task_kept: Time for which a stopped task can be described.
        inactive_service_kept: Time for which a deleted service can be described.
        failures_before_backoff: Consecutive failed starts before ECS delays starts.
        first_backoff: First delay; it doubles with each failure.
        longest_backoff: Maximum delay.
        steady_state_repeats: Interval of repeated steady-state events.
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
        """Return short durations, for the local platform."""
        return cls(
            provisioning=timedelta(milliseconds=100),
            settling=timedelta(milliseconds=500),
            deprovisioning=timedelta(milliseconds=100),
            first_backoff=timedelta(seconds=2),
            longest_backoff=timedelta(seconds=30),
        )

    @classmethod
    def instant(cls) -> "Timing":
        """Return durations of zero."""
        return cls(
            provisioning=ZERO, settling=ZERO, deprovisioning=ZERO, first_backoff=ZERO
        )
