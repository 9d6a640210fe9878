"""The history of a model."""

from collections.abc import Sequence
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.tables import fitted, markdown, one_line
from controller.core.document.resource import ResourceId
from controller.core.models.history import ModelEvent
from controller.core.values.utc_text import utc_text

_HEAD = ("time", "event", "version", "alias", "by", "reason", "commit")
_COMMIT_DIGITS = 12


def render_model_history(
    target: ResourceId, events: Sequence[ModelEvent], output: str, width: int
) -> str:
    """Return the events of ``target`` in the format ``output``, in the order given."""
    match output:
        case "json":
            return as_json(_data(target, events))
        case "yaml":
            return as_yaml(_data(target, events))
        case "markdown":
            return "\n".join(markdown(_HEAD, [*map(_line, events)]))
        case _:
            return "\n".join(fitted(_HEAD, [*map(_line, events)], width))


def _line(event: ModelEvent) -> tuple[str, ...]:
    unknown = " (outcome unknown)" if event.outcome == "Unknown" else ""
    version = "" if event.version is None else str(event.version)
    if event.before is not None:
        version = f"{event.before} -> {version or '(none)'}"
    return (
        utc_text(event.at),
        f"{event.event}{unknown}",
        version,
        event.alias,
        event.by,
        one_line(event.reason),
        event.commit[:_COMMIT_DIGITS],
    )


def _data(target: ResourceId, events: Sequence[ModelEvent]) -> dict[str, Any]:
    return {
        "kind": "ModelHistory",
        "formatVersion": FORMAT_VERSION,
        "resource": str(target),
        "events": [
            {
                "time": moment(event.at),
                "event": event.event,
                "version": event.version,
                "alias": event.alias,
                "before": event.before,
                "outcome": event.outcome,
                "by": event.by,
                "reason": event.reason,
                "commit": event.commit,
            }
            for event in events
        ],
    }
