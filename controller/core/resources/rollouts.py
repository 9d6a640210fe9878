"""What became of a resource's rollouts, one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from controller.core.document.resource import Resource
from controller.core.errors import RefusedError


class Result(StrEnum):
    """What became of a rollout; completes "it ..."."""

    UNDER_WAY = "is under way"
    SUCCEEDED = "succeeded"
    ROLLING_BACK = "is being rolled back"
    ROLLED_BACK = "was rolled back"
    STOPPED = "was stopped"
    FAILED = "failed"

    @property
    def word(self) -> str:
        """The one word that programs read, as in ``RolledBack``."""
        return self.name.title().replace("_", "")

    @classmethod
    def of(cls, word: str) -> "Result":
        """Return the result with that word; raises KeyError."""
        return {result.word: result for result in cls}[word]


@dataclass(frozen=True, slots=True)
class RolloutRecord:
    """One rollout of a resource.

    Attributes:
        id: By which the backend knows it.
        revision: What was rolled out, by the name a person may give it.
        result: What became of it.
        began: When.
        ended: When; None while it is under way, or if nobody says.
        images: What it runs, with digests where they are known.
        by: Who made the revision, if the backend says so.
        reason: Why it ended as it did, in the backend's words.
        present: Whether it is what is there now.
        set_aside: Who took it back by hand, and why; empty if nobody did.
        asked: What a person did by hand that it came of, who and why; empty if it
            came of the document, as far as anybody knows.
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
    asked: str = ""

    @property
    def took(self) -> timedelta | None:
        """How long it took; None if that is not known yet."""
        if self.began is None or self.ended is None:
            return None
        return self.ended - self.began


@runtime_checkable
class HistoryDriver(Protocol):
    """A driver that can tell what became of a resource's rollouts."""

    def rollouts(self, resource: Resource[Any]) -> tuple[RolloutRecord, ...]:
        """Return the rollouts, the newest first. Reads only; raises DriverError."""
        ...


def revision_to(rolled: Sequence[RolloutRecord], wanted: str) -> str:
    """Return the revision to go back to.

    Args:
        rolled: The rollouts, the newest first.
        wanted: ``2`` for the second last that succeeded, ``:7`` or ``family:7`` for
            the one with that number.

    Raises:
        RefusedError: there is none; the message names those there are.
    """
    family, colon, number = wanted.rpartition(":")
    if colon and number.isdecimal():
        return wanted if family else f"{_family(rolled)}:{number}"
    if not wanted.isdecimal() or int(wanted) < 1:
        msg = f"{wanted} is no revision: write 1, 2 ... back, :7 or family:7"
        raise RefusedError(msg)
    proven = [*dict.fromkeys(_proven(rolled))]
    if int(wanted) <= len(proven):
        return proven[int(wanted) - 1]
    told = ", ".join(proven) or "none"
    msg = f"there are not {wanted} revisions to go back to; those that worked: {told}"
    raise RefusedError(msg)


def _proven(rolled: Sequence[RolloutRecord]) -> Iterator[str]:
    """Yield what worked before, but for what is there and what was set aside."""
    present = {one.revision for one in rolled if one.present}
    for one in rolled:
        unfit = one.revision in present or one.set_aside or not one.revision
        if one.result is Result.SUCCEEDED and not unfit:
            yield one.revision


def _family(rolled: Sequence[RolloutRecord]) -> str:
    for one in rolled:
        if one.revision:
            return one.revision.rpartition(":")[0]
    msg = "no rollout is remembered: write the whole revision, as in family:7"
    raise RefusedError(msg)
