"""Valid documents, and the mistakes of others."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml
from controller.core.errors import Diagnostic
from controller.core.values.counts import counted
from controller.spec.document import Document


def render_document(document: Document, output: str) -> str:
    """Return the resources of a valid document in the format ``output``."""
    counts = Counter(id_.kind for id_ in document.resources)
    match output:
        case "json" | "yaml":
            data = {
                "kind": "Validation",
                "formatVersion": FORMAT_VERSION,
                "valid": True,
                "environment": document.platform.environment,
                "files": list(document.files),
                "resources": [str(id_) for id_ in sorted(document.resources)],
                "diagnostics": [],
                "warnings": _data(document.warnings),
            }
            return as_json(data) if output == "json" else as_yaml(data)
        case _:
            found = ", ".join(counted(n, kind) for kind, n in sorted(counts.items()))
            source = f"{document.files[0]} ({document.platform.environment})"
            return f"{source} is valid: {found or 'no resources'}."


def render_problems(diagnostics: Sequence[Diagnostic], output: str) -> str:
    """Return every mistake as JSON or YAML."""
    data: dict[str, Any] = {
        "kind": "Validation",
        "formatVersion": FORMAT_VERSION,
        "valid": False,
        "diagnostics": _data(diagnostics),
    }
    return as_json(data) if output == "json" else as_yaml(data)


def _data(diagnostics: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    return [
        {
            "file": d.place.file,
            "line": d.place.line,
            "column": d.place.column,
            "path": d.path,
            "what": d.problem,
            "hint": d.hint,
        }
        for d in diagnostics
    ]
