"""Why something is not ready, for people and for programs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.statuses import age
from controller.core.story import Cause


def render_cause(cause: Cause, output: str, command: str, now: datetime) -> str:
    """Return the one cause in the format ``output``.

    Args:
        cause: What was found.
        output: One of table, json, yaml and markdown.
        command: What to run next, whole.
        now: The time.
    """
    match output:
        case "json":
            return as_json(_data(cause, command, now))
        case "yaml":
            return as_yaml(_data(cause, command, now))
        case "markdown":
            first, *rest = _lines(cause, command, now)
            return "\n".join((f"**{first}**", "", *(f"- {line}" for line in rest)))
        case _:
            first, *rest = _lines(cause, command, now)
            return "\n".join((first, *(f"  {line}" for line in rest)))


def _lines(cause: Cause, command: str, now: datetime) -> Iterator[str]:
    if cause.is_ready:
        yield f"{cause.asked} is ready."
        return
    yield _headline(cause)
    if cause.ready is not None:
        for_ = age(now - cause.ready.last_transition)
        since = f"{cause.ready.last_transition:%Y-%m-%d %H:%M:%S} UTC"
        yield f"since: {since}, {for_} ago"
    if cause.tried is not None:
        tried = cause.tried
        said = f": {tried.message}" if tried.message else ""
        ago = age(now - tried.at)
        yield f"last tried: {tried.verb}, {ago} ago: {tried.outcome}{said}"
    yield f"next: {cause.next}"
    yield f"run: {command}"


def _headline(cause: Cause) -> str:
    waits = "".join(f" waits for {id_}, which" for id_ in cause.chain[1:])
    if cause.ready is None:
        return f"{cause.asked}{waits} is not known yet."
    said = f"{cause.ready.reason}: {cause.ready.message}"
    return f"{cause.asked}{waits} is not ready: {said}"


def _data(cause: Cause, command: str, now: datetime) -> dict[str, Any]:
    ready, tried = cause.ready, cause.tried
    return {
        "kind": "Why",
        "formatVersion": FORMAT_VERSION,
        "resource": str(cause.asked),
        "ready": cause.is_ready,
        "chain": [str(id_) for id_ in cause.chain],
        "reason": ready.reason if ready else "NotSeen",
        "message": ready.message if ready else "No pass has seen it yet.",
        "since": moment(ready.last_transition if ready else now),
        "lastTried": tried
        and {
            "at": moment(tried.at),
            "verb": tried.verb,
            "outcome": tried.outcome,
            "message": tried.message,
        },
        "next": cause.next,
        "command": command,
    }
