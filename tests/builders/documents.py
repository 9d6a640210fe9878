"""Documents for tests: read from a dict of texts instead of a disk."""

from collections.abc import Mapping
from typing import Any

import pytest

from controller.core.errors import SpecError
from controller.kinds import discover
from controller.spec.document import Document, load

KINDS = discover()
MAIN = "hokusai.yaml"
HEADER = """\
apiVersion: hokusai.ai/v1
platform:
  name: hokusai
  environment: development
  account: "123456789012"
  region: us-east-1
"""
HEADER_LINES = HEADER.count("\n")


def overlay(environment: str) -> str:
    """Return the name of the overlay of ``environment``."""
    return f"specs/environments/{environment}.yaml"


def document(
    body: str = "",
    *,
    files: Mapping[str, str] | None = None,
    header: str = HEADER,
    **changes: Any,
) -> Document:
    """Return the document with ``body`` after ``header``, and ``files`` beside it."""
    texts = {MAIN: header + body, **(files or {})}

    def read(file: str) -> bytes:
        if file not in texts:
            raise FileNotFoundError(file)
        return texts[file].encode()

    options: dict[str, Any] = {"environ": {}, "kinds": KINDS, "read": read} | changes
    return load(MAIN, **options)


def problems(body: str = "", **options: Any) -> list[str]:
    """Return what is wrong with the document, each as a person reads it."""
    with pytest.raises(SpecError) as refused:
        document(body, **options)
    return [str(diagnostic) for diagnostic in refused.value.diagnostics]


def problem(body: str = "", **options: Any) -> str:
    """Return the one thing that is wrong."""
    (only,) = problems(body, **options)
    return only
