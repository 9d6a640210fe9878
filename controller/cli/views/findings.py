"""What checks found, for people and for programs."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, assert_never

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml
from controller.cli.views.plans import counted
from controller.cli.views.tables import columns, markdown
from controller.core.preflight import Finding, Passed, Result, Results, Skipped, Unseen


def render_results(results: Results, output: str) -> str:
    """Return what every check said, grouped by resource, in the format ``output``."""
    match output:
        case "json":
            return as_json(_data(results))
        case "yaml":
            return as_yaml(_data(results))
        case "markdown":
            return "\n".join(_markdown(results))
        case _:
            return "\n".join(_table(results))


def _table(results: Results) -> Iterator[str]:
    for id_, found in sorted(results.items()):
        yield f"{id_}: {_summary(found)}"
        lines = [(result.check, *_told(result)) for result in found]
        yield from (f"  {line}" for line in columns(("check", "result", "why"), lines))
        for result in found:
            if command := _command(result):
                yield f"  {result.check}: run: {command}"
    yield _whole(results)


def _markdown(results: Results) -> Iterator[str]:
    yield f"**{_whole(results)}**"
    lines = [
        (str(id_), result.check, *_told(result), f"`{c}`" if c else "")
        for id_, found in sorted(results.items())
        for result in found
        for c in (_command(result),)
    ]
    if lines:
        yield ""
        yield from markdown(("resource", "check", "result", "why", "run"), lines)


def _whole(results: Results) -> str:
    everything = [result for found in results.values() for result in found]
    return f"{counted(len(results), 'resource')} looked at: {_summary(everything)}"


def _summary(found: tuple[Result, ...] | list[Result]) -> str:
    """Return how many checks went which way."""
    counts = Counter(_told(result)[0] for result in found)
    words = ("OK", "blocks", "warns", "not seen", "skipped")
    return ", ".join(f"{counts[w]} {w}" for w in words if counts[w]) or "no checks."


def _told(result: Result) -> tuple[str, str]:
    """Return one word for a result, and why it is so."""
    match result:
        case Passed():
            return "OK", ""
        case Skipped(_, why):
            return "skipped", f"because {why}"
        case Unseen(_, why):
            return "not seen", why
        case Finding(_, severity, path, message):
            return severity, f"{path}: {message}"
        case _:
            assert_never(result)


def _command(result: Result) -> str:
    return result.command if isinstance(result, Finding | Unseen) else ""


def _data(results: Results) -> dict[str, Any]:
    return {
        "kind": "Preflight",
        "formatVersion": FORMAT_VERSION,
        "resources": [
            {
                "resource": str(id_),
                "checks": [_result_data(result) for result in found],
            }
            for id_, found in sorted(results.items())
        ],
    }


def _result_data(result: Result) -> dict[str, Any]:
    word, why = _told(result)
    path = result.path if isinstance(result, Finding) else ""
    message = result.message if isinstance(result, Finding) else why
    return {
        "check": result.check,
        "result": word,
        "path": path,
        "message": message,
        "command": _command(result),
    }
