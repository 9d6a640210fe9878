"""Approvals of model versions, given by operators.

An approval is bound to the creation time of its version: numbers restart at 1 after a
registered model was deleted and created again. The tag of the version is a copy for
readers; only the stored approval counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.core.models.registration import ModelVersion

APPROVED_TAG = "hokusai.ai/approved-by"
_LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class VersionApproval:
    """Approval of one model version.

    Attributes:
        model: MLflow's name of the model.
        number: Number of the version.
        created_ms: Creation of the version, in milliseconds since the epoch.
        by: Operator, as in ``ada@laptop``.
        reason: Reason, in a sentence.
        at: Time of the approval.
    """

    model: str
    number: int
    created_ms: int
    by: str
    reason: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.by}: {self.reason}"


def approval_text(approval: VersionApproval) -> str:
    """Return the value of the tag that shows ``approval`` on its version."""
    return str(approval)[:_LONGEST_TEXT]


class Approvals(Protocol):
    """Record of approvals of one MLflow server. Methods raise DriverError."""

    def of(self, registry: str) -> tuple[VersionApproval, ...]:
        """Return all approvals of versions in ``registry``."""
        ...

    def approve(self, registry: str, approval: VersionApproval) -> VersionApproval:
        """Record ``approval`` unless the version has one; return the recorded one.

        Safe to repeat: the first approval of a version stays.
        """
        ...


def approvals_by_number(
    approvals: Iterable[VersionApproval], versions: Iterable[ModelVersion]
) -> Mapping[int, VersionApproval]:
    """Return the approvals of ``versions``, all of one model, by number."""
    known = {(v.model, v.number, v.created_ms) for v in versions}
    return {
        a.number: a for a in approvals if (a.model, a.number, a.created_ms) in known
    }
