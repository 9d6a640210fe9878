"""For the command line on another host: status, events, and a wish for a pass."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from controller.api.control.addresses import Address, parsed
from controller.api.control.records import (
    ControlRecords,
    EventReport,
    ReconcileRequest,
    StatusReport,
    event_reports,
    status_report,
)
from controller.api.keys import with_key
from controller.core.audit.chain import AuditRecord, ChainReport
from controller.core.status.cause import LastAttempt
from controller.core.values.secret import Secret

_MOST_EVENTS = 1_000
_LONGEST_REASON = 200


def router(records: ControlRecords, key: Secret | None) -> APIRouter:
    """Return the routes; without a key they refuse every request."""
    routes = APIRouter(
        prefix="/api/v1", tags=["control"], dependencies=[Depends(with_key(key))]
    )

    @routes.get("/status")
    async def status() -> StatusReport:
        """Return every resource with its conditions, as the last pass found them."""
        return await asyncio.to_thread(status_report, records)

    @routes.get("/events")
    async def events(
        limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS)] = 50,
        resource: Address | None = None,
    ) -> tuple[EventReport, ...]:
        """Return the latest events, newest first."""
        of = None if resource is None else parsed(resource)
        return await asyncio.to_thread(event_reports, records, limit, of)

    @routes.get("/tried")
    async def tried(
        resource: Address,
    ) -> LastAttempt | None:
        """Return what was last tried with a resource; null if nothing ever was."""
        return await asyncio.to_thread(records.tried, parsed(resource))

    @routes.get("/audit")
    async def audit(
        limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS)] = 50,
        resource: Address | None = None,
    ) -> tuple[AuditRecord, ...]:
        """Return the latest rows of the audit log, newest first."""
        of = None if resource is None else parsed(resource)
        return await asyncio.to_thread(records.audit, limit, of)

    @routes.get("/audit/report")
    async def audit_report() -> ChainReport:
        """Verify the audit log, and return its length, its head and the first break."""
        return await asyncio.to_thread(records.audit_report)

    @routes.post("/reconcile", status_code=202)
    async def reconcile(
        reason: Annotated[str, Query(max_length=_LONGEST_REASON)] = "asked by API",
    ) -> ReconcileRequest:
        """Request a pass; the holder of the lease notices it within a second."""
        return ReconcileRequest(await asyncio.to_thread(records.ask, reason))

    return routes
