"""Deliveries of a controller on another host, read and changed through its API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryCount,
    DeliveryDetails,
    DeliveryRequest,
    DeliverySelection,
)
from controller.core.webhooks.records import DeliveryAttempt, DeliveryReport

if TYPE_CHECKING:
    from controller.clients.control import ControlApi

_REPORT_TIMES = ("next_at", "recorded", "ended", "claimed_until", "paused_until")
_ATTEMPT_TIMES = ("started", "ended")
_BREAKER_TIMES = ("opened", "open_until", "paused_until")


class RemoteDeliveryOperations:
    """The same as ``StoredDeliveryOperations``, through the API; see there.

    Every method raises RefusedError if the server refuses the request, and DriverError
    without an answer.
    """

    def __init__(self, api: ControlApi) -> None:
        self._api = api

    def selected(
        self, chosen: DeliverySelection, limit: int
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest of the ``chosen`` deliveries, newest first."""
        filters = {**_filters(chosen), "limit": limit}
        return tuple(map(_report, self._api.deliveries(filters)))

    def details(self, delivery_id: int) -> DeliveryDetails | None:
        """Return one delivery with its attempts; None if it does not exist."""
        found = self._api.delivery(delivery_id)
        if found is None:
            return None
        return DeliveryDetails(
            _report(found["report"]),
            tuple(
                DeliveryAttempt(**_with_times(attempt, _ATTEMPT_TIMES))
                for attempt in found["attempts"]
            ),
            found["payload"],
            Breaker(**_with_times(found["breaker"], _BREAKER_TIMES)),
            datetime.fromisoformat(found["now"]),
        )

    def preview(self, request: DeliveryRequest) -> tuple[DeliveryCount, ...]:
        """Return the numbers of deliveries that ``request`` would change."""
        return self._requested({**_body(request), "preview": True})

    def perform(
        self, request: DeliveryRequest, by: str, reason: str
    ) -> tuple[DeliveryCount, ...]:
        """Carry out ``request``; the server writes the rows of the audit log."""
        author = {"by": by, "reason": reason}
        return self._requested({**_body(request), **author, "preview": False})

    def _requested(self, body: Mapping[str, Any]) -> tuple[DeliveryCount, ...]:
        return tuple(
            DeliveryCount(
                one["target"],
                DeliveryState(one["state"]),
                one["number"],
                one.get("sink", "webhook"),
            )
            for one in self._api.request_deliveries(body)
        )


def _filters(chosen: DeliverySelection) -> dict[str, str | int]:
    """Return the filters that are set, but the ids."""
    found: dict[str, str | None] = {
        "target": chosen.target,
        "model": chosen.model,
        "since": None if chosen.since is None else chosen.since.isoformat(),
        "state": None if chosen.state is None else chosen.state.value,
    }
    return {name: value for name, value in found.items() if value is not None}


def _body(request: DeliveryRequest) -> dict[str, Any]:
    ids = request.chosen.ids
    return {
        **_filters(request.chosen),
        "operation": request.operation.value,
        "ids": None if ids is None else sorted(ids),
        "forced": request.forced,
    }


def _report(data: Mapping[str, Any]) -> DeliveryReport:
    fields = _with_times(data, _REPORT_TIMES)
    return DeliveryReport(**{**fields, "state": DeliveryState(data["state"])})


def _with_times(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    times = {name: _time(data.get(name)) for name in names}
    return {**data, **times}


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
