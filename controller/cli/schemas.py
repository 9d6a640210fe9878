"""The JSON Schemas of what we print, and where all of our schemas are written.

Programs may rely on these shapes. They are written out rather than derived, so
that a change of our own types cannot move them unnoticed; tests hold what the
commands print against them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controller.cli.plan_schema import plan_schema
from controller.cli.status_schema import status_schema

__all__ = ["files", "plan_schema", "stale", "status_schema", "write"]


def files() -> Mapping[str, str]:
    """Return the text of every generated schema, by path below the repository."""
    from controller.clients.payload import SCHEMAS
    from controller.kinds import discover
    from controller.spec import schema

    ours = {"plan": plan_schema(), "status": status_schema()}
    return {
        schema.FILE: schema.text(discover()),
        **{f"schemas/{name}.schema.json": _text(s) for name, s in ours.items()},
        **{f"schemas/webhooks/{name}": _text(s) for name, s in SCHEMAS.items()},
    }


def stale(root: Path) -> tuple[str, ...]:
    """Return which files below ``root`` do not say what the program says."""
    return tuple(
        name
        for name, text in files().items()
        if not (root / name).exists() or (root / name).read_text("utf-8") != text
    )


def write(root: Path) -> tuple[str, ...]:
    """Write the files below ``root`` that are stale, and return their names."""
    names, texts = stale(root), files()
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(texts[name], encoding="utf-8")
    return names


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
