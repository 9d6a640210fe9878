"""Operations that an operator requests in addition to the document."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """Author and reason of a request; both are recorded on the changed resource.

    Attributes:
        by: Author, as in ``ada@laptop``.
        reason: Reason, in a sentence.
        wanted: Argument of the operation, if it has one: a revision.
    """

    by: str
    reason: str
    wanted: str = ""

    def __str__(self) -> str:
        return f"{self.by}: {self.reason}"
