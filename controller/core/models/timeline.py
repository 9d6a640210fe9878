"""Timeline of a model version: the steps from its run to its deliveries, in order."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """One step in the life of a version.

    Attributes:
        at: Time of the step; None for a present state.
        text: One sentence.
    """

    at: datetime | None
    text: str
