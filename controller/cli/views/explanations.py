"""What came of comparing, value by value, for people and for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml
from controller.cli.views.plans import shown
from controller.cli.views.tables import columns, markdown
from controller.core.explanation import Explanation, Told
from controller.core.resource import ResourceId

_HEAD = ("field", "declared", "live", "it", "why")


def render_explanations(told: Mapping[ResourceId, Told], path: str, output: str) -> str:
    """Return what was told in the format ``output``.

    Args:
        told: By resource: each value, or why nothing could be seen.
        path: What was asked about; "" is everything.
        output: One of table, json, yaml and markdown.
    """
    match output:
        case "json":
            return as_json(_data(told, path))
        case "yaml":
            return as_yaml(_data(told, path))
        case "markdown":
            return "\n".join(_text(told, path, marked=True))
        case _:
            return "\n".join(_text(told, path, marked=False))


def _text(told: Mapping[ResourceId, Told], path: str, *, marked: bool) -> Iterator[str]:
    for id_, found in told.items():
        yield f"**{id_}**" if marked else str(id_)
        if isinstance(found, str):
            yield f"It could not be seen: {found}"
        elif not found:
            yield f"Nothing is at {path}." if path else "Nothing is compared."
        else:
            lines = [_cells(one) for one in found]
            yield from (
                ("", *markdown(_HEAD, lines)) if marked else columns(_HEAD, lines)
            )
        yield ""


def _cells(one: Explanation) -> tuple[str, ...]:
    why = " ".join(one.reasons)
    return one.path, shown(one.declared), shown(one.live), one.likeness, why


def _data(told: Mapping[ResourceId, Told], path: str) -> dict[str, Any]:
    return {
        "kind": "Explanation",
        "formatVersion": FORMAT_VERSION,
        "path": path,
        "resources": [_resource(id_, found) for id_, found in told.items()],
    }


def _resource(id_: ResourceId, found: Told) -> dict[str, Any]:
    if isinstance(found, str):
        return {"resource": str(id_), "unknown": found, "values": []}
    values = [
        {
            "path": one.path,
            "declared": one.declared,
            "live": one.live,
            "likeness": one.likeness,
            "reasons": list(one.reasons),
        }
        for one in found
    ]
    return {"resource": str(id_), "unknown": None, "values": values}
