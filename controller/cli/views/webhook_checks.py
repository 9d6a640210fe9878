"""Answer to a ping, and the diagnosis of a webhook target."""

from collections.abc import Sequence
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml
from controller.cli.views.tables import fitted, markdown
from controller.core.webhooks.answers import Answered, AwsRefused, failure
from controller.core.webhooks.diagnosis import Diagnosis
from controller.core.webhooks.ping import PingResult

_HEAD = ("check", "result", "finding", "remedy")


def render_ping(result: PingResult, output: str) -> str:
    """Return the answer to a ping in the format ``output``."""
    match output:
        case "json":
            return as_json(_ping_data(result))
        case "yaml":
            return as_yaml(_ping_data(result))
        case "markdown":
            data = _ping_data(result)
            lines = [(name, _text(data[name])) for name in (*data,)[2:]]
            return "\n".join(markdown(("field", "value"), lines))
        case _:
            return _ping_sentence(result)


def render_diagnoses(
    target: str, results: Sequence[Diagnosis], output: str, width: int
) -> str:
    """Return the results of all checks in the format ``output``."""
    lines = [(r.check, r.state.value, r.message, r.remedy) for r in results]
    match output:
        case "json":
            return as_json(_diagnosis_data(target, results))
        case "yaml":
            return as_yaml(_diagnosis_data(target, results))
        case "markdown":
            return "\n".join(markdown(_HEAD, lines))
        case _:
            return "\n".join(fitted(_HEAD, lines, width))


def _ping_sentence(result: PingResult) -> str:
    seconds = f"{result.duration.total_seconds():.2f} s"
    if isinstance(result.answer, Answered):
        word = "accepted" if result.is_accepted else "did not accept"
        return (
            f"The receiver of webhook/{result.target} {word} the ping: "
            f"{result.answer.status} after {seconds}."
        )
    if result.is_accepted:
        return f"{result.url} accepted the ping of webhook/{result.target} after {seconds}."
    if isinstance(result.answer, AwsRefused):
        return (
            f"{result.url} did not accept the ping of webhook/{result.target}: "
            f"{failure(result.answer)}, after {seconds}."
        )
    return (
        f"The receiver of webhook/{result.target} did not answer the ping: "
        f"{failure(result.answer)}, after {seconds}."
    )


def _ping_data(result: PingResult) -> dict[str, Any]:
    answer = result.answer
    status = answer.status if isinstance(answer, Answered) else None
    return {
        "kind": "WebhookPing",
        "formatVersion": FORMAT_VERSION,
        "target": result.target,
        "url": result.url,
        "event": result.id,
        "accepted": result.is_accepted,
        "status": status,
        "seconds": result.duration.total_seconds(),
        "error": "" if result.is_accepted else failure(answer),
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _diagnosis_data(target: str, results: Sequence[Diagnosis]) -> dict[str, Any]:
    return {
        "kind": "WebhookDiagnosis",
        "formatVersion": FORMAT_VERSION,
        "target": target.rpartition("/")[2],
        "checks": [
            {
                "check": r.check,
                "result": r.state.value,
                "message": r.message,
                "remedy": r.remedy,
            }
            for r in results
        ],
    }
