"""Deliveries for a command: in the own store, or through the API of a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from controller.app.records import require_store
from controller.app.remote_records import control_api
from controller.app.session import Session
from controller.bootstrap.audit_source import DocumentSource
from controller.bootstrap.store_file import opened_database
from controller.core.webhooks.delivery_requests import DeliveryOperations
from controller.store.delivery_operations import StoredDeliveryOperations

if TYPE_CHECKING:
    from controller.core.audit.entry import AuditSource


@contextmanager
def delivery_operations(
    context: Session, server: str | None, *, read_only: bool
) -> Iterator[DeliveryOperations]:
    """Yield the deliveries in the store of ``context``, or those of ``server``.

    Args:
        context: Session of the command.
        server: URL of a controller's API; None for the own store.
        read_only: True if the command changes nothing.

    Raises:
        RefusedError: there is no store, or one that cannot be used.
    """
    if server is not None:
        from controller.app.remote_deliveries import RemoteDeliveryOperations

        with control_api(context, server) as api:
            yield RemoteDeliveryOperations(api)
        return
    require_store(context)

    def source(by: str) -> AuditSource:
        return DocumentSource(by).of(context.document)

    with opened_database(context.settings, read_only=read_only) as database:
        yield StoredDeliveryOperations(database, source)
