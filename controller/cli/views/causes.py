"""The cause that keeps a resource from being ready."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from controller.cli.terminal import UNLIMITED_WIDTH
from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.statuses import age
from controller.cli.views.tables import wrapped
from controller.core.models.timeline import TimelineStep
from controller.core.status.cause import Cause
from controller.core.values.utc_text import utc_text


def render_cause(
    cause: Cause,
    output: str,
    command: str,
    now: datetime,
    timeline: Sequence[TimelineStep] = (),
    width: int = UNLIMITED_WIDTH,
) -> str:
    """Return the cause in the format ``output``; the table fits into ``width``.

    Args:
        cause: The cause.
        output: One of table, json, yaml and markdown.
        command: The suggested next command line.
        now: The current time.
        timeline: Steps of a model version, oldest first.
        width: Number of columns.
    """
    match output:
        case "json":
            return as_json(_data(cause, command, now, timeline))
        case "yaml":
            return as_yaml(_data(cause, command, now, timeline))
        case "markdown":
            first, *rest = (*_lines(cause, command, now), *_steps(timeline))
            return "\n".join((f"**{first}**", "", *(f"- {line}" for line in rest)))
        case _:
            first, *rest = (*_lines(cause, command, now), *_steps(timeline))
            lines = [*wrapped(first, width)]
            for line in rest:
                lines += wrapped(line, width, 2)
            return "\n".join(lines)


def _steps(timeline: Sequence[TimelineStep]) -> Iterator[str]:
    for step in timeline:
        at = "now" if step.at is None else utc_text(step.at)
        yield f"{at:<23}  {step.text}"


def _lines(cause: Cause, command: str, now: datetime) -> Iterator[str]:
    if cause.is_ready:
        yield f"{cause.resource} is ready."
        if cause.warning:
            yield cause.warning
            yield f"next: {cause.next_step}"
            yield f"run: {command}"
        return
    yield _headline(cause)
    if cause.ready is not None:
        ago = age(now - cause.ready.last_transition)
        since = utc_text(cause.ready.last_transition)
        yield f"since: {since}, {ago} ago"
    if cause.last_attempt is not None:
        tried = cause.last_attempt
        message = f": {tried.message}" if tried.message else ""
        ago = age(now - tried.at)
        yield f"last action: {tried.verb}, {ago} ago: {tried.outcome}{message}"
    yield f"next: {cause.next_step}"
    yield f"run: {command}"


def _headline(cause: Cause) -> str:
    waits = "".join(f" waits for {id_}, which" for id_ in cause.chain[1:])
    if cause.ready is None:
        return f"{cause.resource}{waits} has not been observed yet."
    detail = f"{cause.ready.reason}: {cause.ready.message}"
    return f"{cause.resource}{waits} is not ready: {detail}"


def _data(
    cause: Cause, command: str, now: datetime, timeline: Sequence[TimelineStep]
) -> dict[str, Any]:
    ready, tried = cause.ready, cause.last_attempt
    return {
        "kind": "Why",
        "formatVersion": FORMAT_VERSION,
        "resource": str(cause.resource),
        "ready": cause.is_ready,
        "chain": [str(id_) for id_ in cause.chain],
        "reason": ready.reason if ready else "NotObserved",
        "message": ready.message if ready else "No pass has observed it yet.",
        "since": moment(ready.last_transition if ready else now),
        "lastTried": tried
        and {
            "at": moment(tried.at),
            "verb": tried.verb,
            "outcome": tried.outcome,
            "message": tried.message,
        },
        "next": cause.next_step,
        "command": command,
        "timeline": [
            {"at": moment(step.at) if step.at else None, "text": step.text}
            for step in timeline
        ],
    }
