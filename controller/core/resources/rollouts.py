"""Rollout history of a resource."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from controller.core.document.resource import Resource
from controller.core.errors import RefusedError
from controller.core.models.history import VersionRegistration
from controller.core.values.counts import counted


class Result(StrEnum):
    """Result of a rollout; completes "it ..."."""

    UNDER_WAY = "is in progress"
    SUCCEEDED = "succeeded"
    ROLLING_BACK = "is being rolled back"
    ROLLED_BACK = "was rolled back"
    STOPPED = "was stopped"
    FAILED = "failed"

    @property
    def word(self) -> str:
        """CamelCase word for programs, as in ``RolledBack``."""
        return self.name.title().replace("_", "")

    @classmethod
    def of(cls, word: str) -> "Result":
        """Return the result with that word; raises KeyError."""
        return {result.word: result for result in cls}[word]


@dataclass(frozen=True, slots=True)
class RolloutRecord:
    """One rollout of a resource.

    Attributes:
        id: Id in the backend.
        revision: Revision that was rolled out, as ``family:number``.
        result: Result of the rollout.
        began: Time at which it began.
        ended: Time at which it ended; None while in progress, or if not known.
        images: Images of the revision, with digests where they are known.
        by: Author of the revision, if the backend records it.
        reason: Reason of the result, in the backend's words.
        present: True if this revision is in place.
        set_aside: Operator who rolled it back, and the reason; empty if it was not.
        intervention: Operation, operator and reason that caused the rollout; empty if
            the document caused it, as far as is known.
    """

    id: str
    revision: str
    result: Result
    began: datetime | None = None
    ended: datetime | None = None
    images: tuple[str, ...] = ()
    by: str = ""
    reason: str = ""
    present: bool = False
    set_aside: str = ""
    intervention: str = ""

    @property
    def took(self) -> timedelta | None:
        """Duration; None if it is not known yet."""
        if self.began is None or self.ended is None:
            return None
        return self.ended - self.began


@runtime_checkable
class HistoryDriver(Protocol):
    """A driver that can read the rollout history of a resource."""

    def rollouts(self, resource: Resource[Any]) -> tuple[RolloutRecord, ...]:
        """Return the rollouts, the newest first. Reads only; raises DriverError."""
        ...


@runtime_checkable
class RegistrationsDriver(Protocol):
    """A driver that can read the versions of a model."""

    def registrations(self, resource: Resource[Any]) -> tuple[VersionRegistration, ...]:
        """Return the versions in MLflow. Reads only; raises DriverError."""
        ...


def rollback_target(rolled: Sequence[RolloutRecord], wanted: str) -> str:
    """Return the revision to roll back to.

    Args:
        rolled: Rollouts, newest first.
        wanted: ``2`` for the second last successful one, ``:7`` or ``family:7`` for
            the one with that number.

    Raises:
        RefusedError: there is no such revision; the message lists the possible ones.
    """
    family, colon, number = wanted.rpartition(":")
    if colon and number.isdecimal():
        return wanted if family else f"{_family(rolled)}:{number}"
    if not wanted.isdecimal() or int(wanted) < 1:
        msg = f"{wanted} is not a revision: write 1, 2 ..., :7 or family:7"
        raise RefusedError(msg)
    proven = [*dict.fromkeys(_proven(rolled))]
    if int(wanted) <= len(proven):
        return proven[int(wanted) - 1]
    if not proven:
        msg = "no earlier successful revision to roll back to"
        raise RefusedError(msg)
    msg = (
        f"cannot roll back {counted(int(wanted), 'revision')}: earlier successful "
        f"revisions: {', '.join(proven)}"
    )
    raise RefusedError(msg)


def _proven(rolled: Sequence[RolloutRecord]) -> Iterator[str]:
    """Yield successful revisions, without the current and the rolled-back ones."""
    present = {one.revision for one in rolled if one.present}
    for one in rolled:
        unfit = one.revision in present or one.set_aside or not one.revision
        if one.result is Result.SUCCEEDED and not unfit:
            yield one.revision


def _family(rolled: Sequence[RolloutRecord]) -> str:
    for one in rolled:
        if one.revision:
            return one.revision.rpartition(":")[0]
    msg = "no rollout is recorded: write the complete revision, as in family:7"
    raise RefusedError(msg)
