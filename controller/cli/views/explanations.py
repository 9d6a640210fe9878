"""The comparison of declared and live values, one by one."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml
from controller.cli.views.plans import shown
from controller.cli.views.tables import columns, markdown
from controller.core.document.resource import ResourceId
from controller.core.resources.explanation import Explanation, Explanations

_HEAD = ("field", "declared", "live", "result", "reason")


def render_explanations(
    results: Mapping[ResourceId, Explanations], path: str, output: str
) -> str:
    """Return the comparisons in the format ``output``.

    Args:
        results: By resource: each value, or the reason why it could not be read.
        path: The path that was selected; "" for every path.
        output: One of table, json, yaml and markdown.
    """
    match output:
        case "json":
            return as_json(_data(results, path))
        case "yaml":
            return as_yaml(_data(results, path))
        case "markdown":
            return "\n".join(_text(results, path, marked=True))
        case _:
            return "\n".join(_text(results, path, marked=False))


def _text(
    results: Mapping[ResourceId, Explanations], path: str, *, marked: bool
) -> Iterator[str]:
    for id_, found in results.items():
        yield f"**{id_}**" if marked else str(id_)
        if isinstance(found, str):
            yield f"could not be read: {found}"
        elif not found:
            yield f"no value at {path}" if path else "no values to compare"
        else:
            lines = [_cells(one) for one in found]
            yield from (
                ("", *markdown(_HEAD, lines)) if marked else columns(_HEAD, lines)
            )
        yield ""


def _cells(one: Explanation) -> tuple[str, ...]:
    reason = " ".join(one.reasons)
    return one.path, shown(one.declared), shown(one.live), one.comparison, reason


def _data(results: Mapping[ResourceId, Explanations], path: str) -> dict[str, Any]:
    return {
        "kind": "Explanation",
        "formatVersion": FORMAT_VERSION,
        "path": path,
        "resources": [_resource(id_, found) for id_, found in results.items()],
    }


def _resource(id_: ResourceId, found: Explanations) -> dict[str, Any]:
    if isinstance(found, str):
        return {"resource": str(id_), "unknown": found, "values": []}
    values = [
        {
            "path": one.path,
            "declared": one.declared,
            "live": one.live,
            "likeness": one.comparison,
            "reasons": list(one.reasons),
        }
        for one in found
    ]
    return {"resource": str(id_), "unknown": None, "values": values}
