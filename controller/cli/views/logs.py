"""Log lines of tasks."""

import json
import re
from collections.abc import Sequence
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.tables import markdown
from controller.core.document.resource import ResourceId
from controller.core.resources.log_lines import LogLine
from controller.core.values.utc_text import utc_text

_HEAD = ("at", "task", "line")
# Length of a task id in tables: enough to be unique within a service.
_ID = 12
# "Select graphic rendition", ECMA-48 section 8.3.117: colours and weights.
_COLOURS = re.compile("\x1b\\[[0-9;]*m")


def render_lines(target: ResourceId, lines: Sequence[LogLine], output: str) -> str:
    """Return the lines of ``target`` in the format ``output``."""
    match output:
        case "json":
            return as_json(_data(target, lines))
        case "yaml":
            return as_yaml(_data(target, lines))
        case "markdown":
            return "\n".join(markdown(_HEAD, [_cells(line) for line in lines]))
        case _:
            return "\n".join(map(plain_line, lines))


def plain_line(line: LogLine) -> str:
    """Return one line of plain text, without the colours of the program."""
    return "  ".join(_cells(line))


def json_line(line: LogLine) -> str:
    """Return one line as a JSON object on one line."""
    return json.dumps(_line(line), ensure_ascii=False)


LINE_FORMATS = {"table": plain_line, "json": json_line}


def _cells(line: LogLine) -> tuple[str, str, str]:
    return (
        utc_text(line.at),
        line.source[:_ID],
        _COLOURS.sub("", line.text),
    )


def _data(target: ResourceId, lines: Sequence[LogLine]) -> dict[str, Any]:
    return {
        "kind": "Logs",
        "formatVersion": FORMAT_VERSION,
        "resource": str(target),
        "lines": [_line(line) for line in lines],
    }


def _line(line: LogLine) -> dict[str, str]:
    return {"at": moment(line.at), "task": line.source, "line": line.text}
