"""Local view of one resource: its rollouts and logs, read directly from AWS."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from controller.app.intervention import rollouts_of
from controller.app.model_history import model_history_of
from controller.core.errors import NotFoundError, RefusedError
from controller.core.resources.log_lines import LogDriver, LogLimit, LogLine
from controller.core.status.log_pages import Cursor, Page, first_page, next_page

if TYPE_CHECKING:
    from controller.bootstrap.controller import Controller
    from controller.core.document.resource import Resource, ResourceId
    from controller.core.models.history import ModelEvent
    from controller.core.resources.details import DetailSection
    from controller.core.resources.rollouts import RolloutRecord


class LocalView:
    """Looks with a controller of our own. Reads only."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def details(self, target: ResourceId) -> tuple[DetailSection, ...]:
        """Return all there is to see of ``target``; what cannot be seen says why."""
        return self._controller.details(self._declared(target))

    def rollouts(self, target: ResourceId) -> tuple[RolloutRecord, ...]:
        """Return its rollouts, newest first.

        Raises:
            RefusedError: its kind has no rollouts.
            DriverError: they could not be seen.
        """
        return rollouts_of(self._controller, self._declared(target))

    def model_history(self, target: ResourceId) -> tuple[ModelEvent, ...]:
        """Return the registrations and promotions of a model, newest first.

        Raises:
            RefusedError: its kind has no versions, or the store cannot be used.
            DriverError: they could not be read.
        """
        return model_history_of(self._controller, self._declared(target))

    def lines(
        self,
        target: ResourceId,
        since: datetime,
        source: str,
        most: LogLimit | None = None,
    ) -> tuple[LogLine, ...]:
        """Return what it wrote since then, the oldest first.

        Raises:
            RefusedError: nothing of its kind writes lines, or there are too many.
            DriverError: they could not be read.
        """
        driver = self._controller.driver(target.kind)
        if not isinstance(driver, LogDriver):
            msg = f"{target} writes no lines: services do"
            raise RefusedError(msg)
        declared = self._declared(target)
        return tuple(driver.lines(declared, since, source, most))

    def pages(self, target: ResourceId, source: str) -> LocalLogPages:
        """Return the lines of ``target``, or of one of its processes."""
        return LocalLogPages(self, target, source)

    def now(self) -> datetime:
        """Return the time."""
        return self._controller.clock.now()

    def _declared(self, target: ResourceId) -> Resource[Any]:
        """Return what is declared at ``target`` now: documents change meanwhile."""
        try:
            return self._controller.document.resources[target]
        except KeyError:
            msg = f"{target} is not declared"
            raise NotFoundError(msg) from None


class LocalLogPages:
    """Pages that are as long as it takes; see ``logs.Pages``."""

    def __init__(self, near: LocalView, target: ResourceId, source: str) -> None:
        self._near = near
        self._target = target
        self._source = source

    def first(self, span: timedelta, number: int) -> Page:
        """Return the newest lines of that time."""
        now = self._near.now()
        since = now - span
        return first_page(self._since(since), since, number, now)

    def after(self, cursor: Cursor) -> Page:
        """Return the lines after ``cursor``."""
        now = self._near.now()
        return next_page(self._since(cursor.floor[0]), cursor, now)

    def _since(self, since: datetime) -> tuple[LogLine, ...]:
        return self._near.lines(self._target, since, self._source)
