"""Webhook deliveries for the command line on another host: reports and requests."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, HTTPException, Query
from pydantic import Field

from controller.api.auth.requirements import CallerCheck
from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryCount,
    DeliveryDetails,
    DeliveryOperation,
    DeliveryOperations,
    DeliveryRequest,
    DeliverySelection,
    refusal,
)
from controller.core.webhooks.records import DeliveryReport

_MOST_DELIVERIES = 10_000
_LONGEST_NAME = 320
_LONGEST_REASON = 1_000
# Ids are 64-bit numbers in the database.
_LARGEST_ID = 2**63 - 1
DeliveryId = Annotated[int, Field(ge=1, le=_LARGEST_ID)]
Name = Annotated[str | None, Query(max_length=_LONGEST_NAME)]


@dataclass(frozen=True, slots=True)
class DeliveryRequestBody:
    """Operation on deliveries, as a client sends it.

    Attributes:
        operation: Operation.
        ids: Ids of deliveries; null for all.
        target: Target; null for all.
        model: MLflow's name of the model; null for all.
        since: Earliest time of the announcement, in RFC 3339; null for all.
        state: State, or cause of a dead delivery; null for all.
        forced: True to send those again that the receiver accepted.
        preview: True to return the numbers without a change.
        by: User of the command, as in ``ada@laptop``.
        reason: Reason for the audit log; required for a change.
    """

    operation: DeliveryOperation
    ids: tuple[DeliveryId, ...] | None = None
    target: str | None = None
    model: str | None = None
    since: datetime | None = None
    state: DeliveryState | DeadCause | None = None
    forced: bool = False
    preview: bool = True
    by: str = ""
    reason: str = ""


def router(operations: DeliveryOperations, access: CallerCheck) -> APIRouter:
    """Return the routes; each requires a scope."""
    routes = APIRouter(prefix="/api/v1", tags=["control"])

    @routes.get("/deliveries", **access.requires("deliveries:read"))
    async def deliveries(
        limit: Annotated[int, Query(ge=1, le=_MOST_DELIVERIES)] = 50,
        target: Name = None,
        model: Name = None,
        since: datetime | None = None,
        state: DeliveryState | DeadCause | None = None,
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest deliveries, newest first."""
        chosen = DeliverySelection(None, target, model, _aware(since), state)
        return await asyncio.to_thread(operations.selected, chosen, limit)

    @routes.get("/delivery", **access.requires("deliveries:read"))
    async def delivery(
        id: Annotated[int, Query(ge=1, le=_LARGEST_ID)],  # noqa: A002 - name of the parameter
    ) -> DeliveryDetails | None:
        """Return one delivery with its attempts; null if it does not exist."""
        return await asyncio.to_thread(operations.details, id)

    @routes.post("/delivery-requests", **access.requires("deliveries:write"))
    async def request(
        body: Annotated[DeliveryRequestBody, Body()],
    ) -> tuple[DeliveryCount, ...]:
        """Carry out an operation on deliveries, or return its numbers only."""
        asked = _request(body)
        if body.preview:
            return await asyncio.to_thread(operations.preview, asked)
        return await asyncio.to_thread(operations.perform, asked, body.by, body.reason)

    return routes


def _request(body: DeliveryRequestBody) -> DeliveryRequest:
    chosen = DeliverySelection(
        body.ids, body.target, body.model, _aware(body.since), body.state
    )
    asked = DeliveryRequest(body.operation, chosen, body.forced)
    reason = refusal(asked) or _incomplete(body)
    if reason:
        raise HTTPException(422, reason)
    return asked


def _incomplete(body: DeliveryRequestBody) -> str:
    """Return the reason why the audit log could not name author and reason, or ""."""
    if body.preview:
        return ""
    for name, text in (("by", body.by), ("reason", body.reason)):
        if not text.strip():
            return f"`{name}` must not be empty: it is recorded in the audit log"
        if len(text) > _LONGEST_REASON:
            return f"`{name}` is longer than {_LONGEST_REASON} characters"
    return ""


def _aware(since: datetime | None) -> datetime | None:
    """Return a time with an offset: without one it would depend on the host."""
    if since is not None and since.tzinfo is None:
        raise HTTPException(422, "`since` needs an offset, as in 2026-01-31T12:00:00Z")
    return since
