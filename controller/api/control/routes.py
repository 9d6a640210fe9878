"""For the command line on another host: status, events, and a wish for a pass."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from controller.api.auth.requirements import CallerCheck
from controller.api.control.addresses import Address, parsed
from controller.api.control.records import (
    ControlRecords,
    EventReport,
    ReconcileRequest,
    StatusReport,
    event_reports,
    status_report,
)
from controller.core.audit.chain import AuditRecord, ChainReport
from controller.core.status.cause import LastAttempt

_MOST_EVENTS = 1_000
_LONGEST_REASON = 200


def router(records: ControlRecords, access: CallerCheck) -> APIRouter:
    """Return the routes; each requires a scope."""
    routes = APIRouter(prefix="/api/v1", tags=["control"])

    @routes.get("/status", **access.requires("status:read"))
    async def status() -> StatusReport:
        """Return every resource with its conditions, as the last pass found them."""
        return await asyncio.to_thread(status_report, records)

    @routes.get("/events", **access.requires("events:read"))
    async def events(
        limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS)] = 50,
        resource: Address | None = None,
    ) -> tuple[EventReport, ...]:
        """Return the latest events, newest first."""
        of = None if resource is None else parsed(resource)
        return await asyncio.to_thread(event_reports, records, limit, of)

    @routes.get("/tried", **access.requires("events:read"))
    async def tried(
        resource: Address,
    ) -> LastAttempt | None:
        """Return what was last tried with a resource; null if nothing ever was."""
        return await asyncio.to_thread(records.tried, parsed(resource))

    @routes.get("/audit", **access.requires("audit:read"))
    async def audit(
        limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS)] = 50,
        resource: Address | None = None,
    ) -> tuple[AuditRecord, ...]:
        """Return the latest rows of the audit log, newest first."""
        of = None if resource is None else parsed(resource)
        return await asyncio.to_thread(records.audit, limit, of)

    @routes.get("/audit/report", **access.requires("audit:read"))
    async def audit_report() -> ChainReport:
        """Verify the audit log, and return its length, its head and the first break."""
        return await asyncio.to_thread(records.audit_report)

    @routes.post("/reconcile", status_code=202, **access.requires("reconcile:write"))
    async def reconcile(
        reason: Annotated[str, Query(max_length=_LONGEST_REASON)] = "asked by API",
    ) -> ReconcileRequest:
        """Request a pass; the holder of the lease notices it within a second."""
        return ReconcileRequest(await asyncio.to_thread(records.ask, reason))

    return routes
