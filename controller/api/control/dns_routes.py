"""Name resolution for the command line on another host: state, pins and flushes."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, HTTPException
from pydantic import Field

from controller.api.auth.requirements import CallerCheck
from controller.api.control.reasons import recorded_reason
from controller.core.dns.health import NameHealth
from controller.core.dns.pins import (
    LONGEST_PIN,
    KeptName,
    Pin,
    PinOperations,
    PinRequest,
    pinned_addresses,
    pinned_host,
    refusal,
)
from controller.resolver.consumer import ConsumerResolver, ConsumerState

_LONGEST_TEXT = 1_000
_MOST_SECONDS = int(LONGEST_PIN.total_seconds())
Text = Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT)]
HostText = Annotated[str, Field(max_length=_LONGEST_TEXT)]


@dataclass(frozen=True, slots=True)
class DnsReport:
    """State of name resolution.

    Attributes:
        consumer: Mode of this server.
        names: State of each name in the cache of this server.
        pins: Pins of the store.
        kept: Last good addresses in the store.
    """

    consumer: ConsumerState
    names: tuple[NameHealth, ...]
    pins: tuple[Pin, ...]
    kept: tuple[KeptName, ...]


@dataclass(frozen=True, slots=True)
class PinBody:
    """Pin, as a client sends it.

    Attributes:
        host: Name of the host.
        addresses: Addresses, separated by commas.
        seconds: Time until the pin ends.
        by: User of the command, as in ``ada@laptop``.
        reason: Reason for the audit log.
    """

    host: Text
    addresses: Text
    seconds: Annotated[int, Field(ge=1, le=_MOST_SECONDS)]
    by: Text
    reason: Text


@dataclass(frozen=True, slots=True)
class UnpinBody:
    """End of a pin, or a flush, as a client sends it.

    Attributes:
        by: User of the command.
        reason: Reason for the audit log.
        host: Name of the host; empty to flush all of them.
    """

    by: Text
    reason: Text
    host: HostText = ""


class DnsControl:
    """Name resolution of this server, and the pins in the store.

    Args:
        names: Resolver of this server.
        pins: Pins.
    """

    def __init__(self, names: ConsumerResolver, pins: PinOperations) -> None:
        self._names = names
        self.pins = pins

    def report(self) -> DnsReport:
        """Return the state of all names."""
        return DnsReport(
            self._names.state(),
            self._names.resolver.snapshot(),
            self.pins.pins(),
            self.pins.kept(),
        )


def router(control: DnsControl, access: CallerCheck) -> APIRouter:
    """Return the routes; each requires a scope."""
    routes = APIRouter(prefix="/api/v1", tags=["control"])

    @routes.get("/dns", **access.requires("dns:read"))
    async def dns() -> DnsReport:
        """Return the names in the cache, the pins and the kept addresses."""
        return await asyncio.to_thread(control.report)

    @routes.post("/dns/pin", **access.requires("dns:write"))
    async def pin(body: Annotated[PinBody, Body()]) -> Pin:
        """Pin a host to addresses for a time."""
        request = _request(body)
        return await asyncio.to_thread(control.pins.pin, request, body.by)

    @routes.post("/dns/unpin", **access.requires("dns:write"))
    async def unpin(body: Annotated[UnpinBody, Body()]) -> bool:
        """End the pin of a host; false if there is none."""
        host = _host(body.host)
        return await asyncio.to_thread(
            control.pins.unpin, host, body.by, recorded_reason(body.reason)
        )

    @routes.post("/dns/flush", **access.requires("dns:write"))
    async def flush(body: Annotated[UnpinBody, Body()]) -> bool:
        """Let every process forget the addresses of a host, or of all."""
        host = _host(body.host) if body.host else ""
        await asyncio.to_thread(
            control.pins.flush, host, body.by, recorded_reason(body.reason)
        )
        return True

    return routes


def _request(body: PinBody) -> PinRequest:
    host, duration = _host(body.host), timedelta(seconds=body.seconds)
    if reason := refusal(host, duration, body.reason):
        raise HTTPException(422, reason)
    try:
        addresses = pinned_addresses(body.addresses)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    return PinRequest(host, addresses, duration, " ".join(body.reason.split()))


def _host(text: str) -> str:
    try:
        return pinned_host(text)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
