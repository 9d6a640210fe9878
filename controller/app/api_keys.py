"""API keys for a command: in the own store, or through the API of a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from controller.app.records import require_store
from controller.app.remote_records import control_api
from controller.app.session import Session
from controller.bootstrap.api_key import key_source
from controller.bootstrap.audit_source import DocumentSource
from controller.bootstrap.store_file import opened_database
from controller.core.access.stored_keys import (
    CreatedKey,
    KeyOperations,
    KeyRecord,
    KeyRequest,
)
from controller.core.errors import RefusedError
from controller.core.values.secret import Secret
from controller.store.api_keys import StoredKeyOperations

if TYPE_CHECKING:
    from controller.clients.control import ControlApi
    from controller.core.audit.entry import AuditSource

NO_PEPPER = (
    "set HOKUSAI_KEY_PEPPER to a random text of at least 32 characters, the same for "
    "`hokusai serve`: keys are stored as fingerprints that depend on it"
)


@contextmanager
def key_operations(
    context: Session, server: str | None, *, read_only: bool
) -> Iterator[KeyOperations]:
    """Yield the keys in the store of ``context``, or those of ``server``.

    Args:
        context: Session of the command.
        server: URL of a controller's API; None for the own store.
        read_only: True if the command changes nothing.

    Raises:
        RefusedError: There is no store, or no pepper for new keys.
    """
    if server is not None:
        with control_api(context, server) as api:
            yield RemoteKeyOperations(api)
        return
    require_store(context)
    peppers = context.settings.key_peppers
    if not peppers and not read_only:
        raise RefusedError(NO_PEPPER)

    def source(by: str) -> AuditSource:
        return DocumentSource(by).of(context.document)

    with opened_database(context.settings, read_only=read_only) as database:
        yield StoredKeyOperations(
            database,
            source,
            peppers[0] if peppers else Secret(""),
            key_source(context.document.platform.environment),
        )


class RemoteKeyOperations:
    """The same as ``StoredKeyOperations``, through the API; see there.

    Every method raises RefusedError if the server refuses the request, and DriverError
    without an answer.
    """

    def __init__(self, api: ControlApi) -> None:
        self._api = api

    def keys(self) -> tuple[KeyRecord, ...]:
        """Return all keys, by name, the newest of a name first."""
        return tuple(map(_record, self._api.keys()))

    def create(self, request: KeyRequest, by: str, reason: str) -> CreatedKey:
        """Create a key. Not repeatable: each call creates another one."""
        life = request.life
        body = {
            "name": request.name,
            "scopes": list(request.scopes),
            "rates": dict(request.rates),
            "seconds": None if life is None else int(life.total_seconds()),
            "by": by,
            "reason": reason,
        }
        return _created(self._api.request_keys("create", body))

    def rotate(self, id_: str, overlap: timedelta, by: str, reason: str) -> CreatedKey:
        """Create a successor with equal permissions; the key expires after a time."""
        seconds = int(overlap.total_seconds())
        body = {"id": id_, "seconds": seconds, "by": by, "reason": reason}
        return _created(self._api.request_keys("rotate", body))

    def revoke(self, id_: str, by: str, reason: str) -> bool:
        """Revoke a key; return False if it was revoked before."""
        body = {"id": id_, "by": by, "reason": reason}
        return bool(self._api.request_keys("revoke", body))


def _created(data: Mapping[str, Any]) -> CreatedKey:
    return CreatedKey(Secret(data["key"]), _record(data["record"]))


def _record(data: Mapping[str, Any]) -> KeyRecord:
    times = ("created", "expires", "revoked", "last_used")
    read = {name: _time(data[name]) for name in times}
    return KeyRecord(**{**data, **read, "scopes": tuple(data["scopes"])})


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
