"""What a person asks for by hand, beside what the document declares."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """Who asks for it, and why; both are written where the effect is.

    Attributes:
        by: Who asks, as in ``ada@laptop``.
        reason: Why, in a sentence.
        wanted: What exactly, if the verb alone does not say it: a revision.
    """

    by: str
    reason: str
    wanted: str = ""

    def __str__(self) -> str:
        return f"{self.by}: {self.reason}"
