"""Failures of single items in a step of the emulator.

A step advances many tasks, services and targets. An error in one of them must not stop
the others, so it is a value that the caller reports.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepFailure:
    """An item whose step failed.

    Attributes:
        subject: ARN of the task, service or target group.
        error: Error of the step.
    """

    subject: str
    error: Exception

    def __str__(self) -> str:
        return f"{self.subject}: {type(self.error).__name__}: {self.error}"
