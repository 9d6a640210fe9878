"""The rollout history of a service."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.statuses import age
from controller.cli.views.tables import columns, markdown, one_line
from controller.core.document.resource import ResourceId
from controller.core.resources.rollouts import RolloutRecord
from controller.core.values.utc_text import utc_text

_HEAD = ("started", "duration", "revision", "result", "by", "images", "reason")


def render_history(
    target: ResourceId, rolled: Sequence[RolloutRecord], output: str
) -> str:
    """Return the rollouts of ``target`` in the format ``output``, in the order given."""
    match output:
        case "json":
            return as_json(_data(target, rolled))
        case "yaml":
            return as_yaml(_data(target, rolled))
        case "markdown":
            return "\n".join(markdown(_HEAD, [*map(_line, rolled)]))
        case _:
            return "\n".join(columns(_HEAD, [*map(_line, rolled)]))


def _line(one: RolloutRecord) -> tuple[str, ...]:
    current = " (current)" if one.present else ""
    hold = f"put on hold by {one.set_aside}" if one.set_aside else ""
    return (
        utc_text(one.began) if one.began else "",
        age(one.took) if one.took is not None else "",
        f"{one.revision}{current}",
        one.result,
        _short(one.by),
        ", ".join(map(_short_digest, one.images)),
        one_line("; ".join(filter(None, (one.intervention, hold, one.reason)))),
    )


def _short(arn: str) -> str:
    """Return the last part of an ARN, which is its readable name."""
    return arn.rpartition(":")[2]


def _short_digest(image: str) -> str:
    """Return an image with the first 12 digits of its digest."""
    name, at, digest = image.partition("@sha256:")
    return f"{name}{at}{digest[:12]}"


def _data(target: ResourceId, rolled: Sequence[RolloutRecord]) -> dict[str, Any]:
    return {
        "kind": "History",
        "formatVersion": FORMAT_VERSION,
        "resource": str(target),
        "rollouts": [
            {
                "id": one.id,
                "revision": one.revision,
                "result": one.result.word,
                "present": one.present,
                "began": _at(one.began),
                "ended": _at(one.ended),
                "seconds": _seconds(one.took),
                "images": list(one.images),
                "by": one.by,
                "reason": one.reason,
                "setAside": one.set_aside,
                "asked": one.intervention,
            }
            for one in rolled
        ],
    }


def _at(at: datetime | None) -> str | None:
    return moment(at) if at is not None else None


def _seconds(took: timedelta | None) -> float | None:
    return took.total_seconds() if took is not None else None
