"""Conditions of resources, for people and for programs."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from controller.cli.views.plain import as_json, as_yaml, status_data
from controller.cli.views.tables import columns, markdown, one_line
from controller.core.conditions import Conditions, ConditionType, Truth
from controller.core.resource import ResourceId

_HEAD = ("resource", "status", "since", "message")
Statuses = Mapping[ResourceId, Conditions]


def render_statuses(statuses: Statuses, output: str, now: datetime) -> str:
    """Return the conditions in the format ``output``."""
    match output:
        case "json":
            return as_json(status_data(statuses))
        case "yaml":
            return as_yaml(status_data(statuses))
        case "markdown":
            return "\n".join(markdown(_HEAD, list(rows(statuses, now))))
        case _:
            return "\n".join(columns(_HEAD, list(rows(statuses, now))))


def rows(statuses: Statuses, now: datetime) -> Iterator[tuple[str, str, str, str]]:
    """Yield resource, word, since when, and message of every resource."""
    for id_, conditions in sorted(statuses.items()):
        ready = conditions[ConditionType.READY]
        since = age(now - ready.last_transition)
        yield str(id_), word(conditions), since, one_line(ready.message)


def word(conditions: Conditions) -> str:
    """Return the one word that says how a resource does."""
    if conditions[ConditionType.SUSPENDED].status is Truth.TRUE:
        return "Suspended"
    ready = conditions[ConditionType.READY]
    if ready.status is Truth.TRUE:
        return "Ready"
    if conditions[ConditionType.STALLED].status is Truth.TRUE:
        return "Stalled"
    return "Unknown" if ready.status is Truth.UNKNOWN else ready.reason


def age(span: timedelta) -> str:
    """Return a time span in its largest unit, as in ``5m``."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
