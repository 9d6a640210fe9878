"""For the command line on another host: status, events, and a wish for a pass."""

import asyncio
import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query

from controller.api.records import (
    EventReport,
    Records,
    StatusReport,
    Wish,
    event_reports,
    status_report,
)
from controller.core.resource import ResourceId
from controller.core.secret import Secret
from controller.core.story import Tried

_MOST_EVENTS = 1_000
_LONGEST_REASON = 200


def router(records: Records, key: Secret | None) -> APIRouter:
    """Return the routes; without a key they answer nobody."""

    def with_key(authorization: Annotated[str, Header()] = "") -> None:
        """Raise unless the caller shows the key."""
        if key is None:
            raise HTTPException(403, "No key is set here: set HOKUSAI_API_KEY.")
        given = authorization.removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, key.reveal().encode()):
            raise HTTPException(
                401, "A valid key is needed.", {"www-authenticate": "Bearer"}
            )

    routes = APIRouter(
        prefix="/api/v1", tags=["control"], dependencies=[Depends(with_key)]
    )

    @routes.get("/status")
    async def status() -> StatusReport:
        """Return every resource with its conditions, as the last pass found them."""
        return await asyncio.to_thread(status_report, records)

    @routes.get("/events")
    async def events(
        limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS)] = 50,
        resource: Annotated[str | None, Query(max_length=320)] = None,
    ) -> tuple[EventReport, ...]:
        """Return the latest happenings, the last one first."""
        of = _address(resource)
        return await asyncio.to_thread(event_reports, records, limit, of)

    @routes.get("/tried")
    async def tried(
        resource: Annotated[str, Query(max_length=320)],
    ) -> Tried | None:
        """Return what was last tried with a resource; null if nothing ever was."""
        return await asyncio.to_thread(records.tried, _parsed(resource))

    @routes.post("/reconcile", status_code=202)
    async def reconcile(
        reason: Annotated[str, Query(max_length=_LONGEST_REASON)] = "asked by API",
    ) -> Wish:
        """Leave a wish for a pass; whoever holds the lease hears it within a second."""
        return Wish(await asyncio.to_thread(records.ask, reason))

    return routes


def _address(text: str | None) -> ResourceId | None:
    return None if text is None else _parsed(text)


def _parsed(text: str) -> ResourceId:
    try:
        return ResourceId.parse(text)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
