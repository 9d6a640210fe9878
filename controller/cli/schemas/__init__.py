"""The JSON Schemas of the command output, and the files below ``schemas/``.

``plan.schema.json`` and ``status.schema.json`` in this folder are sources: programs
rely on them, so no change of our own types may alter them unnoticed. Tests hold the
output of the commands against them. ``schema --write`` copies them to ``schemas/``,
next to the schemas that are generated: those of the document and of webhooks.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def plan_schema() -> dict[str, Any]:
    """Return the schema of the plan that ``diff`` prints and saves."""
    return _parsed("plan.schema.json")


def status_schema() -> dict[str, Any]:
    """Return the schema of the output of commands that read."""
    return _parsed("status.schema.json")


def files() -> Mapping[str, str]:
    """Return the text of every schema, by its path below the repository."""
    from controller.clients.payload import SCHEMAS
    from controller.kinds import discover
    from controller.spec import schema

    sources = sorted(_HERE.glob("*.schema.json"))
    return {
        schema.FILE: schema.text(discover()),
        **{f"schemas/{file.name}": file.read_text("utf-8") for file in sources},
        **{f"schemas/webhooks/{name}": _text(s) for name, s in SCHEMAS.items()},
    }


def stale(root: Path) -> tuple[str, ...]:
    """Return the files below ``root`` that are missing or out of date."""
    return tuple(
        name
        for name, text in files().items()
        if not (root / name).exists() or (root / name).read_text("utf-8") != text
    )


def write(root: Path) -> tuple[str, ...]:
    """Write the files below ``root`` that are out of date, and return their names."""
    names, texts = stale(root), files()
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(texts[name], encoding="utf-8")
    return names


def _parsed(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_HERE / name).read_text("utf-8"))
    return schema


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
