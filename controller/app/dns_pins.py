"""Pins of names for a command: in the own store, or through the API of a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from controller.app.records import require_store
from controller.app.remote_records import control_api
from controller.app.session import Session
from controller.bootstrap.audit_source import DocumentSource
from controller.bootstrap.names import declared_pins
from controller.bootstrap.store_file import opened_database
from controller.core.dns.answers import Source
from controller.core.dns.health import NameHealth
from controller.core.dns.pins import KeptName, Pin, PinOperations, PinOrigin, PinRequest
from controller.store.dns_pins import StoredPinOperations

if TYPE_CHECKING:
    from controller.clients.control import ControlApi
    from controller.core.audit.entry import AuditSource


@contextmanager
def pin_operations(
    context: Session, server: str | None, *, read_only: bool
) -> Iterator[PinOperations]:
    """Yield the pins in the store of ``context``, or those of ``server``.

    Args:
        context: Session of the command.
        server: URL of a controller's API; None for the own store.
        read_only: True if the command changes nothing.

    Raises:
        RefusedError: There is no store, or one that cannot be used.
    """
    if server is not None:
        with control_api(context, server) as api:
            yield RemotePinOperations(api)
        return
    require_store(context)

    def source(by: str) -> AuditSource:
        return DocumentSource(by).of(context.document)

    with opened_database(context.settings, read_only=read_only) as database:
        yield StoredPinOperations(
            database, source, lambda: declared_pins(context.settings)
        )


class RemotePinOperations:
    """The same as ``StoredPinOperations``, through the API; see there.

    Every method raises RefusedError if the server refuses the request, and DriverError
    without an answer.
    """

    def __init__(self, api: ControlApi) -> None:
        self._api = api

    def pins(self) -> tuple[Pin, ...]:
        """Return the pins that have not ended."""
        return tuple(map(_pin, self._api.dns()["pins"]))

    def kept(self) -> tuple[KeptName, ...]:
        """Return the last good addresses of each host."""
        return tuple(
            KeptName(
                one["host"],
                tuple(one["addresses"]),
                datetime.fromisoformat(one["kept"]),
            )
            for one in self._api.dns()["kept"]
        )

    def names(self) -> tuple[NameHealth, ...]:
        """Return the names in the cache of the server."""
        return tuple(map(_name, self._api.dns()["names"]))

    def pin(self, request: PinRequest, by: str) -> Pin:
        """Pin a host for a time, in the place of an earlier pin of it."""
        body = {
            "host": request.host,
            "addresses": ",".join(request.addresses),
            "seconds": int(request.duration.total_seconds()),
            "by": by,
            "reason": request.reason,
        }
        return _pin(self._api.request_dns("pin", body))

    def unpin(self, host: str, by: str, reason: str) -> bool:
        """End the pin of ``host``; return False if there is none."""
        body = {"host": host, "by": by, "reason": reason}
        return bool(self._api.request_dns("unpin", body))

    def flush(self, host: str, by: str, reason: str) -> None:
        """Let every process forget the addresses of ``host``, or of all without one."""
        self._api.request_dns("flush", {"host": host, "by": by, "reason": reason})


def _pin(data: Mapping[str, Any]) -> Pin:
    until = data["until"]
    return Pin(
        data["host"],
        tuple(data["addresses"]),
        None if until is None else datetime.fromisoformat(until),
        data["reason"],
        data["by"],
        PinOrigin(data["origin"]),
    )


def _name(data: Mapping[str, Any]) -> NameHealth:
    source = data["source"]
    return NameHealth(
        **{
            **data,
            "source": None if source is None else Source(source),
            "addresses": tuple(data["addresses"]),
            "lookups": tuple(data["lookups"]),
            "queries": tuple(data["queries"]),
        }
    )
