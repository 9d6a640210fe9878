"""Requests of users about deliveries, recorded in the audit log."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from controller.core.audit.entry import AuditSource, delivery_entry
from controller.core.webhooks.delivery_requests import (
    DeliveryCount,
    DeliveryDetails,
    DeliveryOperation,
    DeliveryRequest,
    DeliverySelection,
)
from controller.core.webhooks.records import DeliveryReport
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from controller.store.redrive import DeliveryRequests

# An audit row names so many deliveries; a larger request is described by its filters.
_NAMED = 100


class StoredDeliveryOperations:
    """Deliveries in the store; see ``DeliveryOperations``.

    Args:
        database: Store.
        source: Returns the author of a request, and the document, for the audit log.
    """

    def __init__(
        self, database: Database, source: Callable[[str], AuditSource]
    ) -> None:
        self._database = database
        self._source = source
        self._log = DeliveryLog(database)
        self._requests = DeliveryRequests(database)
        self._audit = AuditLog(database)

    def selected(
        self, chosen: DeliverySelection, limit: int
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest of the ``chosen`` deliveries, newest first."""
        return self._log.selected(chosen, limit)

    def details(self, delivery_id: int) -> DeliveryDetails | None:
        """Return one delivery with its attempts; None if it does not exist."""
        return self._log.details(delivery_id)

    def preview(self, request: DeliveryRequest) -> tuple[DeliveryCount, ...]:
        """Return the numbers of deliveries that ``request`` would change."""
        return self._requests.count(request.chosen, request.states)

    def perform(
        self, request: DeliveryRequest, by: str, reason: str
    ) -> tuple[DeliveryCount, ...]:
        """Carry out ``request``, with a row in the audit log for each target.

        The rows and the changes are one transaction.
        """
        with self._database.writing():
            if request.operation is DeliveryOperation.CANCEL:
                done = self._requests.cancel(request.chosen, reason)
            else:
                done = self._requests.redrive(request.chosen, request.states)
            by_target: dict[str, dict[str, int]] = defaultdict(dict)
            for count in done:
                is_webhook = count.sink == "webhook"
                word = (
                    count.state.value if is_webhook else f"{count.sink}:{count.state}"
                )
                by_target[count.target][word] = count.number
            source = self._source(by) if by_target else None
            for target, numbers in by_target.items():
                details = {"deliveries": numbers, **_selection(request)}
                if source is not None:
                    operation = request.operation.value
                    self._audit.append(
                        delivery_entry(source, operation, target, reason, details)
                    )
        return done


def _selection(request: DeliveryRequest) -> Mapping[str, Any]:
    """Return the filters that were set, as plain data."""
    chosen = request.chosen
    ids = None if chosen.ids is None else sorted(chosen.ids)
    found = {
        "ids": ids and ids[:_NAMED],
        "model": chosen.model,
        "since": _text(chosen.since),
        "state": None if chosen.state is None else chosen.state.value,
        "forced": request.forced or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
