"""For the command line without AWS: one resource in full, its history, its logs."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from controller.api.auth.requirements import CallerCheck
from controller.api.control.addresses import Address, parsed
from controller.api.control.inspection import (
    DetailsReport,
    HistoryReport,
    LinesReport,
    LogWindow,
    ModelHistoryReport,
)
from controller.core.clock import Clock
from controller.core.status.log_pages import Cursor

_LONGEST_SECONDS = 90 * 86_400
_MOST_LINES = 20_000
_LONGEST_CURSOR = 1_000


def router(window: LogWindow, clock: Clock, access: CallerCheck) -> APIRouter:
    """Return the routes; each requires a scope."""
    routes = APIRouter(prefix="/api/v1", tags=["outlook"])

    @routes.get("/details", **access.requires("details:read"))
    async def details(resource: Address) -> DetailsReport:
        """Return all there is to see of a resource, looked at just now."""
        return await window.details(parsed(resource))

    @routes.get("/history", **access.requires("history:read"))
    async def history(resource: Address) -> HistoryReport:
        """Return the rollouts of a resource, newest first."""
        return await window.history(parsed(resource))

    @routes.get("/model-history", **access.requires("history:read"))
    async def model_history(resource: Address) -> ModelHistoryReport:
        """Return the registrations and promotions of a model, newest first."""
        return await window.model_history(parsed(resource))

    @routes.get("/logs", **access.requires("logs:read"))
    async def logs(
        resource: Address,
        task: Annotated[str, Query(max_length=200)] = "",
        seconds: Annotated[int, Query(ge=0, le=_LONGEST_SECONDS)] = 600,
        number: Annotated[int, Query(ge=1, le=_MOST_LINES)] = 100,
        cursor: Annotated[str | None, Query(max_length=_LONGEST_CURSOR)] = None,
    ) -> LinesReport:
        """Return what a resource's processes wrote, the oldest first.

        Without a cursor: the newest ``number`` lines of the last ``seconds``, or the
        first of them; with one: what comes after it.
        """
        id_ = parsed(resource)
        if cursor is not None:
            return await window.following(id_, task, _cursor(cursor))
        since = clock.now() - timedelta(seconds=seconds)
        return await window.newest(id_, task, since, number)

    return routes


def _cursor(text: str) -> Cursor:
    try:
        return Cursor.parse(text)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
