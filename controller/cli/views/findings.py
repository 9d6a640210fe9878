"""Results of preflight checks."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, assert_never

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml
from controller.cli.views.tables import columns, markdown
from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckSkipped,
    CheckUnknown,
    Result,
    Results,
)
from controller.core.values.counts import counted

# The results in the order of a summary, with their nouns.
_COUNTED = {
    "OK": ("OK", "OK"),
    "blocks": ("blocking", "blocking"),
    "warns": ("warning", "warnings"),
    "unchecked": ("unchecked", "unchecked"),
    "skipped": ("skipped", "skipped"),
}


def render_results(results: Results, output: str) -> str:
    """Return the result of every check, by resource, in the format ``output``."""
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
        lines = [(result.check, *_result(result)) for result in found]
        yield from (
            f"  {line}" for line in columns(("check", "result", "message"), lines)
        )
        for result in found:
            if command := _command(result):
                yield f"  {result.check}: run: {command}"
    yield _total(results)


def _markdown(results: Results) -> Iterator[str]:
    yield f"**{_total(results)}**"
    lines = [
        (str(id_), result.check, *_result(result), f"`{c}`" if c else "")
        for id_, found in sorted(results.items())
        for result in found
        for c in (_command(result),)
    ]
    if lines:
        yield ""
        yield from markdown(("resource", "check", "result", "message", "run"), lines)


def _total(results: Results) -> str:
    everything = [result for found in results.values() for result in found]
    return f"{counted(len(results), 'resource')} checked: {_summary(everything)}"


def _summary(found: tuple[Result, ...] | list[Result]) -> str:
    """Return the number of checks with each result."""
    counts = Counter(_result(result)[0] for result in found)
    return (
        ", ".join(
            counted(counts[word], noun, plural)
            for word, (noun, plural) in _COUNTED.items()
            if counts[word]
        )
        or "no checks"
    )


def _result(result: Result) -> tuple[str, str]:
    """Return one word for a result, and its message."""
    match result:
        case CheckPassed():
            return "OK", ""
        case CheckSkipped(_, reason):
            return "skipped", reason
        case CheckUnknown(_, reason):
            return "unchecked", reason
        case CheckFinding(_, severity, path, message):
            return severity, f"{path}: {message}"
        case _:
            assert_never(result)


def _command(result: Result) -> str:
    return result.command if isinstance(result, CheckFinding | CheckUnknown) else ""


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
    word, text = _result(result)
    path = result.path if isinstance(result, CheckFinding) else ""
    message = result.message if isinstance(result, CheckFinding) else text
    return {
        "check": result.check,
        "result": word,
        "path": path,
        "message": message,
        "command": _command(result),
    }
