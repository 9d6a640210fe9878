"""Recorded events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.statuses import age
from controller.cli.views.tables import columns, markdown, one_line
from controller.store.events import RecordedEvent

_HEAD = ("age", "type", "resource", "reason", "count", "message")


def render_events(found: Sequence[RecordedEvent], output: str, now: datetime) -> str:
    """Return the events in the format ``output``, in the order given."""
    match output:
        case "json":
            return as_json(_data(found))
        case "yaml":
            return as_yaml(_data(found))
        case "markdown":
            return "\n".join(markdown(_HEAD, _lines(found, now)))
        case _:
            return "\n".join(columns(_HEAD, _lines(found, now)))


def _lines(found: Sequence[RecordedEvent], now: datetime) -> list[tuple[str, ...]]:
    return [
        (
            age(now - event.last_seen),
            event.type,
            str(event.resource),
            event.reason,
            str(event.count),
            one_line(event.message),
        )
        for event in found
    ]


def _data(found: Sequence[RecordedEvent]) -> dict[str, Any]:
    return {
        "kind": "Events",
        "formatVersion": FORMAT_VERSION,
        "events": [
            {
                "resource": str(event.resource),
                "type": event.type,
                "reason": event.reason,
                "message": event.message,
                "count": event.count,
                "firstSeen": moment(event.first_seen),
                "lastSeen": moment(event.last_seen),
            }
            for event in found
        ],
    }
