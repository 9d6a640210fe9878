"""One resource, looked at by the controller on another host, through its API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from controller.core.errors import RefusedError
from controller.core.models.history import ModelEvent
from controller.core.resources.details import DetailSection
from controller.core.resources.log_lines import LogLine
from controller.core.resources.rollouts import Result, RolloutRecord
from controller.core.status.log_pages import Cursor, Page

if TYPE_CHECKING:
    from controller.clients.control import ControlApi
    from controller.core.document.resource import ResourceId


class RemoteView:
    """The same as ``Near``, without AWS; see there.

    Whatever is asked raises RefusedError for what the server will not do, and
    DriverError while it, or what it asks, has no answer.
    """

    def __init__(self, api: ControlApi) -> None:
        self._api = api

    def details(self, target: ResourceId) -> tuple[DetailSection, ...]:
        """Return all there is to see of ``target``; what cannot be seen says why."""
        found = self._api.inspect("details", {"resource": str(target)})
        return tuple(map(_section, found["sections"]))

    def rollouts(self, target: ResourceId) -> tuple[RolloutRecord, ...]:
        """Return its rollouts, newest first."""
        found = self._api.inspect("history", {"resource": str(target)})
        return tuple(map(_rolled, found["rollouts"]))

    def model_history(self, target: ResourceId) -> tuple[ModelEvent, ...]:
        """Return the registrations and promotions of a model, newest first."""
        found = self._api.inspect("model-history", {"resource": str(target)})
        return tuple(map(_model_event, found["events"]))

    def pages(self, target: ResourceId, source: str) -> RemoteLogPages:
        """Return the lines of ``target``, or of one of its processes."""
        return RemoteLogPages(self._api, target, source)


class RemoteLogPages:
    """Pages as long as the server gives them; see ``logs.Pages``."""

    def __init__(self, api: ControlApi, target: ResourceId, source: str) -> None:
        self._api = api
        self._of = {"resource": str(target), "task": source}

    def first(self, span: timedelta, number: int) -> Page:
        """Return the first page of the newest lines of that time."""
        return self._page(seconds=int(span.total_seconds()), number=number)

    def after(self, cursor: Cursor) -> Page:
        """Return the page after ``cursor``."""
        return self._page(cursor=str(cursor))

    def _page(self, **asked: str | int) -> Page:
        found = self._api.inspect("logs", {**self._of, **asked})
        try:
            cursor = Cursor.parse(found["cursor"])
        except ValueError as error:
            msg = f"the server speaks of lines otherwise than this program: {error}"
            raise RefusedError(msg) from error
        return Page(tuple(map(_line, found["lines"])), cursor, found["more"])


def _section(data: Mapping[str, Any]) -> DetailSection:
    return DetailSection(
        data["title"],
        tuple(data["columns"]),
        tuple(map(tuple, data["rows"])),
        data["problem"],
    )


def _rolled(data: Mapping[str, Any]) -> RolloutRecord:
    return RolloutRecord(
        data["id"],
        data["revision"],
        Result.of(data["result"]),
        _moment(data["began"]),
        _moment(data["ended"]),
        tuple(data["images"]),
        data["by"],
        data["reason"],
        data["present"],
        data["set_aside"],
        data["asked"],
    )


def _model_event(data: Mapping[str, Any]) -> ModelEvent:
    return ModelEvent(**{**data, "at": datetime.fromisoformat(data["at"])})


def _line(data: Mapping[str, Any]) -> LogLine:
    at = datetime.fromisoformat(data["at"])
    return LogLine(data["id"], at, data["source"], data["text"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
