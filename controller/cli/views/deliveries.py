"""Webhook deliveries, and the numbers of those that a request changes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.tables import fitted, hanging, markdown, one_line
from controller.core.values.counts import counted
from controller.core.values.utc_text import utc_text
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryCount,
    DeliveryDetails,
    DeliveryOperation,
)
from controller.core.webhooks.records import DeliveryAttempt, DeliveryReport

_HEAD = ("id", "target", "version", "state", "attempts", "announced", "next", "reason")
_ATTEMPT = (
    *("attempt", "started", "outcome", "status", "seconds", "possible duplicate"),
    "error",
)
_FUTURE = {
    DeliveryOperation.RETRY: "will be sent now",
    DeliveryOperation.REDRIVE: "will be sent again",
    DeliveryOperation.CANCEL: "will be cancelled",
}
_PAST = {
    DeliveryOperation.RETRY: "to be sent next, unless the target is paused",
    DeliveryOperation.REDRIVE: "to be sent again",
    DeliveryOperation.CANCEL: "cancelled",
}


def render_deliveries(
    reports: Sequence[DeliveryReport], output: str, width: int, now: datetime
) -> str:
    """Return the deliveries in the format ``output``, in the order given.

    Args:
        reports: Deliveries.
        output: Format.
        width: Number of columns of a table.
        now: Current time.
    """
    lines = [_line(report, now) for report in reports]
    match output:
        case "json":
            return as_json(_list_data(reports))
        case "yaml":
            return as_yaml(_list_data(reports))
        case "markdown":
            return "\n".join(markdown(_HEAD, lines))
        case _:
            return "\n".join(fitted(_HEAD, lines, width))


def render_delivery(found: DeliveryDetails, output: str, width: int, step: str) -> str:
    """Return one delivery with its attempts in the format ``output``.

    Args:
        found: Delivery.
        output: Format.
        width: Number of columns of a table.
        step: Next step of the delivery.
    """
    match output:
        case "json":
            return as_json(_delivery_data(found, step))
        case "yaml":
            return as_yaml(_delivery_data(found, step))
        case "markdown":
            facts = [(name, text) for name, text in _facts(found, step) if text]
            lines = [*map(_attempt_line, found.attempts)]
            return "\n".join(
                (
                    *markdown(("field", "value"), facts),
                    "",
                    *markdown(_ATTEMPT, lines),
                    *("", "```json", found.payload, "```"),
                )
            )
        case _:
            return "\n".join(_delivery_lines(found, width, step))


def render_counts(
    operation: DeliveryOperation,
    counts: Sequence[DeliveryCount],
    output: str,
    *,
    done: bool,
) -> str:
    """Return the numbers of deliveries of a request in the format ``output``.

    Args:
        operation: Operation of the request.
        counts: Numbers by target and state.
        output: Format.
        done: True if the request was carried out.
    """
    match output:
        case "json":
            return as_json(_counts_data(operation, counts, done=done))
        case "yaml":
            return as_yaml(_counts_data(operation, counts, done=done))
        case "markdown":
            lines = [
                (_target(c.target, c.sink), c.state.value, str(c.number))
                for c in counts
            ]
            return "\n".join(markdown(("target", "state", "deliveries"), lines))
        case _:
            return sentence(operation, counts, done=done)


def sentence(
    operation: DeliveryOperation, counts: Sequence[DeliveryCount], *, done: bool
) -> str:
    """Return the numbers as a sentence, as in ``2 deliveries will be sent again …``."""
    total = _total(counts)
    words = (_PAST if done else _FUTURE)[operation]
    if not counts:
        return f"No delivery matches; nothing {'was' if done else 'is'} changed."
    parts = ", ".join(
        f"{_target(c.target, c.sink)} {c.number} {c.state}" for c in counts
    )
    return f"{total} {words}: {parts}."


def _total(counts: Sequence[DeliveryCount]) -> str:
    """Return the numbers of webhook deliveries and of messages, which accompany them."""
    webhooks = sum(c.number for c in counts if c.sink == "webhook")
    messages = sum(c.number for c in counts) - webhooks
    words = (
        counted(webhooks, "delivery", "deliveries") if webhooks else "",
        counted(messages, "message for Redis", "messages for Redis")
        if messages
        else "",
    )
    return " and ".join(filter(None, words))


def _line(report: DeliveryReport, now: datetime) -> tuple[str, ...]:
    return (
        str(report.id),
        _target(report.target, report.sink),
        _subject(report),
        _state(report),
        str(report.attempts),
        _time(report.recorded),
        _next(report, now),
        one_line(report.reason),
    )


def _target(name: str, sink: str) -> str:
    """Return the target, and the sink if it is not the webhook."""
    return name if sink == "webhook" else f"{name} ({sink})"


def _next(report: DeliveryReport, now: datetime) -> str:
    """Return the time of the next attempt, or a word in its place."""
    if report.state is not DeliveryState.PENDING:
        return ""
    at = report.next_attempt
    if at is None:
        return "paused"
    return "due" if at <= now else _time(at)


def _subject(report: DeliveryReport) -> str:
    """Return the version, or the resource and the type of another event."""
    if report.number:
        return f"{report.model}/{report.number}"
    return f"{report.model} {report.type}"


def _state(report: DeliveryReport) -> str:
    """Return the state, and the cause of a dead delivery, as in ``dead (parked)``."""
    is_dead = report.state is DeliveryState.DEAD and report.cause
    return f"dead ({report.cause})" if is_dead else report.state.value


def _facts(found: DeliveryDetails, step: str) -> Iterator[tuple[str, str]]:
    report = found.report
    yield "delivery", str(report.id)
    yield "event", f"{report.event_id} ({report.type})"
    yield ("version" if report.number else "resource"), _subject(report)
    yield "target", _target(f"webhook/{report.target}", report.sink)
    yield "state", _state(report)
    yield "announced", _time(report.recorded)
    yield "ended", _time(report.ended) if report.ended else ""
    yield "reason", one_line(report.reason)
    yield "next step", step


def _delivery_lines(found: DeliveryDetails, width: int, step: str) -> Iterator[str]:
    facts = [(name, text) for name, text in _facts(found, step) if text]
    longest = max(len(name) for name, _ in facts)
    for name, text in facts:
        label = f"{name + ':':<{longest + 1}} "
        yield from hanging(label, text, width)
    yield ""
    if found.attempts:
        yield from fitted(_ATTEMPT, [*map(_attempt_line, found.attempts)], width)
    else:
        yield "No attempt was made."
    yield ""
    yield "payload:"
    yield _pretty(found.payload)


def _attempt_line(attempt: DeliveryAttempt) -> tuple[str, ...]:
    return (
        str(attempt.number),
        _time(attempt.started),
        attempt.outcome,
        "" if attempt.status is None else str(attempt.status),
        "" if attempt.seconds is None else f"{attempt.seconds:.2f}",
        "yes" if attempt.possible_duplicate else "no",
        one_line(attempt.error),
    )


def _pretty(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        return payload


def _time(at: datetime) -> str:
    return utc_text(at)


def _list_data(reports: Sequence[DeliveryReport]) -> dict[str, Any]:
    return {
        "kind": "DeliveryList",
        "formatVersion": FORMAT_VERSION,
        "deliveries": [_report_data(report) for report in reports],
    }


def _report_data(report: DeliveryReport) -> dict[str, Any]:
    return {
        "id": report.id,
        "event": report.event_id,
        "type": report.type,
        "model": report.model,
        "version": report.number,
        "target": report.target,
        "sink": report.sink,
        "state": report.state.value,
        "cause": report.cause,
        "attempts": report.attempts,
        "announced": moment(report.recorded),
        "nextAttempt": moment(report.next_attempt) if report.next_attempt else None,
        "ended": moment(report.ended) if report.ended else None,
        "reason": report.reason,
    }


def _delivery_data(found: DeliveryDetails, step: str) -> dict[str, Any]:
    return {
        "kind": "Delivery",
        "formatVersion": FORMAT_VERSION,
        "delivery": _report_data(found.report),
        "attempts": [
            {
                "number": attempt.number,
                "started": moment(attempt.started),
                "ended": moment(attempt.ended) if attempt.ended else None,
                "outcome": attempt.outcome,
                "status": attempt.status,
                "seconds": attempt.seconds,
                "possibleDuplicate": attempt.possible_duplicate,
                "error": attempt.error,
            }
            for attempt in found.attempts
        ],
        "payload": found.payload,
        "nextStep": step,
    }


def _counts_data(
    operation: DeliveryOperation, counts: Sequence[DeliveryCount], *, done: bool
) -> Mapping[str, Any]:
    return {
        "kind": "DeliveryRequest",
        "formatVersion": FORMAT_VERSION,
        "operation": operation.value,
        "done": done,
        "deliveries": [
            {
                "target": c.target,
                "sink": c.sink,
                "state": c.state.value,
                "number": c.number,
            }
            for c in counts
        ],
    }
