"""The kinds of resources, one folder each.

A folder has ``__init__`` (``KIND``), ``spec``, ``state``, ``compare`` and ``driver``.
Only ``driver`` does I/O. A new kind is one folder.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from controller.core.resources.kind import Kind


def discover() -> dict[str, Kind[Any, Any]]:
    """Return every kind by name. Imports no driver, and so no SDK."""
    folders = sorted(m.name for m in iter_modules(__path__) if m.ispkg)
    kinds = (import_module(f"{__name__}.{folder}").KIND for folder in folders)
    return {kind.name: kind for kind in kinds}
