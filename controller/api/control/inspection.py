"""Inspection of one resource, for clients without AWS credentials."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from controller.api.single_flight import SharedResult, SingleFlight
from controller.core.document.resource import ResourceId
from controller.core.models.history import ModelEvent
from controller.core.resources.details import DetailSection
from controller.core.resources.log_lines import LogLimit, LogLine
from controller.core.resources.rollouts import RolloutRecord
from controller.core.status.log_pages import Cursor, first_page, next_page

# What is read at once, and what of it is one answer.
READ = LogLimit(20_000, 16 * 1024 * 1024)
ANSWERED = LogLimit(1_000, 512 * 1024)
# Those who read from nearly the same time on share a look.
_STEP_SECONDS = 10


class Inspection(Protocol):
    """Read-only inspection of live resources. Writes nothing; raises ControllerError."""

    def details(self, id_: ResourceId) -> tuple[DetailSection, ...]:
        """Return all there is to see of a resource."""
        ...

    def rollouts(self, id_: ResourceId) -> tuple[RolloutRecord, ...]:
        """Return its rollouts, newest first."""
        ...

    def model_history(self, id_: ResourceId) -> tuple[ModelEvent, ...]:
        """Return the registrations and promotions of a model, newest first."""
        ...

    def lines(
        self, id_: ResourceId, since: datetime, source: str, most: LogLimit
    ) -> tuple[LogLine, ...]:
        """Return what its processes wrote since then; see ``core.resources.log_lines``."""
        ...


@dataclass(frozen=True, slots=True)
class DetailsReport:
    """One resource in full.

    Attributes:
        resource: Its address.
        seen: When it was looked at.
        sections: Small tables, one for each side of it.
    """

    resource: str
    seen: datetime
    sections: tuple[DetailSection, ...]


@dataclass(frozen=True, slots=True)
class RolloutReport:
    """One rollout.

    Attributes:
        id: By which the backend knows it.
        revision: What was rolled out.
        result: One word: ``UnderWay``, ``Succeeded``, ``RollingBack``,
            ``RolledBack``, ``Stopped`` or ``Failed``.
        began: When.
        ended: End; null while it is in progress, or if it is not known.
        images: What it runs, with digests where they are known.
        by: Who made the revision.
        reason: Why it ended as it did.
        present: Whether it is what is there now.
        set_aside: Operator who rolled it back, and the reason; or empty.
        asked: Operation, operator and reason that caused it; or empty.
    """

    id: str
    revision: str
    result: str
    began: datetime | None
    ended: datetime | None
    images: tuple[str, ...]
    by: str
    reason: str
    present: bool
    set_aside: str
    asked: str


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """Rollout history of a resource.

    Attributes:
        resource: Its address.
        seen: When it was looked at.
        rollouts: The newest first.
    """

    resource: str
    seen: datetime
    rollouts: tuple[RolloutReport, ...]


@dataclass(frozen=True, slots=True)
class ModelHistoryReport:
    """The history of a model.

    Attributes:
        resource: Its address.
        seen: When it was read.
        events: Newest first.
    """

    resource: str
    seen: datetime
    events: tuple[ModelEvent, ...]


@dataclass(frozen=True, slots=True)
class LinesReport:
    """Some of what a resource's processes wrote.

    Attributes:
        resource: Its address.
        seen: When it was read.
        lines: The oldest first. Those of an answer before may come again, with the
            same id.
        cursor: To ask for what follows; its content means nothing to others.
        more: Whether more is there already.
    """

    resource: str
    seen: datetime
    lines: tuple[LogLine, ...]
    cursor: str
    more: bool


class LogWindow:
    """Answers callers with what ``inspection`` sees, each look once for all of them."""

    def __init__(self, outlook: Inspection, flights: SingleFlight) -> None:
        self._outlook = outlook
        self._flights = flights

    async def details(self, id_: ResourceId) -> DetailsReport:
        """Return one resource in full."""
        seen = await self._flights.seen(
            ("details", id_), lambda: self._outlook.details(id_)
        )
        return DetailsReport(str(id_), seen.at, seen.found)

    async def history(self, id_: ResourceId) -> HistoryReport:
        """Return its rollouts."""
        seen = await self._flights.seen(
            ("history", id_), lambda: self._outlook.rollouts(id_)
        )
        return HistoryReport(str(id_), seen.at, tuple(map(_rollout, seen.found)))

    async def model_history(self, id_: ResourceId) -> ModelHistoryReport:
        """Return the registrations and promotions of a model."""
        seen = await self._flights.seen(
            ("model history", id_), lambda: self._outlook.model_history(id_)
        )
        return ModelHistoryReport(str(id_), seen.at, seen.found)

    async def newest(
        self, id_: ResourceId, source: str, since: datetime, number: int
    ) -> LinesReport:
        """Return the first of the newest ``number`` lines since then."""
        seen = await self._lines(id_, source, since)
        wanted = [line for line in seen.found if line.at >= since]
        page = first_page(wanted, since, number, seen.at, ANSWERED)
        return LinesReport(str(id_), seen.at, page.lines, str(page.cursor), page.more)

    async def following(
        self, id_: ResourceId, source: str, cursor: Cursor
    ) -> LinesReport:
        """Return what comes after ``cursor``."""
        seen = await self._lines(id_, source, cursor.floor[0])
        page = next_page(seen.found, cursor, seen.at, ANSWERED)
        return LinesReport(str(id_), seen.at, page.lines, str(page.cursor), page.more)

    async def _lines(
        self, id_: ResourceId, source: str, since: datetime
    ) -> SharedResult[tuple[LogLine, ...]]:
        start = _rounded(since)
        return await self._flights.seen(
            ("lines", id_, source, start),
            lambda: self._outlook.lines(id_, start, source, READ),
        )


def _rounded(moment: datetime) -> datetime:
    step = timedelta(seconds=_STEP_SECONDS)
    begin = datetime(1970, 1, 1, tzinfo=UTC)
    return begin + (moment - begin) // step * step


def _rollout(one: RolloutRecord) -> RolloutReport:
    return RolloutReport(
        one.id,
        one.revision,
        one.result.word,
        one.began,
        one.ended,
        one.images,
        one.by,
        one.reason,
        one.present,
        one.set_aside,
        one.intervention,
    )
