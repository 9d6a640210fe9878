"""API keys: their records, and the operations on them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, HTTPException
from pydantic import Field

from controller.api.auth.requirements import CallerCheck
from controller.api.control.reasons import recorded_reason
from controller.core.access.scopes import ADMIN
from controller.core.access.stored_keys import (
    LONGEST_LIFE,
    LONGEST_OVERLAP,
    CreatedKey,
    KeyOperations,
    KeyRecord,
    KeyRequest,
    refusal,
)

Text = Annotated[str, Field(max_length=1_000)]
_Life = Annotated[int, Field(ge=1, le=int(LONGEST_LIFE.total_seconds()))]
_Overlap = Annotated[int, Field(ge=0, le=int(LONGEST_OVERLAP.total_seconds()))]
_MOST_SCOPES = 100


@dataclass(frozen=True, slots=True)
class CreateBody:
    """Request for a key, as a client sends it.

    Attributes:
        name: Name of the owner or the purpose.
        scopes: Permissions.
        by: User of the command.
        reason: Reason for the audit log.
        rates: Limit of each class of requests.
        seconds: Time until it expires, in seconds; null for no end.
    """

    name: Text
    scopes: Annotated[tuple[Text, ...], Field(max_length=_MOST_SCOPES)]
    by: Text
    reason: Text
    rates: Mapping[str, Text] = field(default_factory=dict)
    seconds: _Life | None = None


@dataclass(frozen=True, slots=True)
class RotateBody:
    """Rotation of a key, as a client sends it.

    Attributes:
        id: Id of the key that is replaced.
        seconds: Time for which both keys are accepted, in seconds.
        by: User of the command.
        reason: Reason for the audit log.
    """

    id: Text
    seconds: _Overlap
    by: Text
    reason: Text


@dataclass(frozen=True, slots=True)
class RevokeBody:
    """Revocation of a key, as a client sends it.

    Attributes:
        id: Id of the key.
        by: User of the command.
        reason: Reason for the audit log.
    """

    id: Text
    by: Text
    reason: Text


@dataclass(frozen=True, slots=True)
class CreatedKeyReport:
    """A key that was just created; this answer is the only one that contains it.

    Attributes:
        key: Whole key.
        record: Its record.
    """

    key: str
    record: KeyRecord


def router(keys: KeyOperations, access: CallerCheck) -> APIRouter:
    """Return the routes; each requires the scope of an administrator."""
    routes = APIRouter(prefix="/api/v1/keys", tags=["keys"])

    @routes.get("", **access.requires(ADMIN))
    async def records() -> tuple[KeyRecord, ...]:
        """Return the records of all keys, without the keys."""
        return await asyncio.to_thread(keys.keys)

    @routes.post("/create", status_code=201, **access.requires(ADMIN))
    async def create(body: Annotated[CreateBody, Body()]) -> CreatedKeyReport:
        """Create a key; the answer contains it once."""
        life = None if body.seconds is None else timedelta(seconds=body.seconds)
        request = KeyRequest(body.name, body.scopes, body.rates, life)
        if problem := refusal(request):
            raise HTTPException(422, problem)
        reason = recorded_reason(body.reason)
        return _report(await asyncio.to_thread(keys.create, request, body.by, reason))

    @routes.post("/rotate", status_code=201, **access.requires(ADMIN))
    async def rotate(body: Annotated[RotateBody, Body()]) -> CreatedKeyReport:
        """Create a successor of a key; both are accepted for a time."""
        overlap, reason = timedelta(seconds=body.seconds), recorded_reason(body.reason)
        return _report(
            await asyncio.to_thread(keys.rotate, body.id, overlap, body.by, reason)
        )

    @routes.post("/revoke", **access.requires(ADMIN))
    async def revoke(body: Annotated[RevokeBody, Body()]) -> bool:
        """Revoke a key; false if it was revoked before."""
        reason = recorded_reason(body.reason)
        return await asyncio.to_thread(keys.revoke, body.id, body.by, reason)

    return routes


def _report(created: CreatedKey) -> CreatedKeyReport:
    return CreatedKeyReport(created.text.reveal(), created.record)
