"""Parts of document entries that models and experiments have in common."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from controller.core.models.model_id import model_id_of

# Longest key of the document.
_LONGEST = 63
# Prefixes of the tags that MLflow and this controller write themselves.
_OTHERS = ("hokusai.ai/", "mlflow.")
_TAG_KEY = re.compile(r"[A-Za-z0-9_.:/ -]+")


def key_of(name: str, wanted: str) -> str:
    """Return the key of an entry: as wanted, else derived from the name in MLflow."""
    plain = "".join(c if c.isascii() else "-" for c in model_id_of(name))
    return wanted or plain[:_LONGEST].strip("-") or "model"


def own_name(name: str, key: str) -> dict[str, Any]:
    """Return the field ``name``, unless it is the key."""
    return {} if name == key else {"name": name}


def importable_tags(
    tags: Mapping[str, str], secret: Callable[[str, str], bool]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the tags that an entry declares, and remarks about those left out."""
    kept = {
        key: value
        for key, value in sorted(tags.items())
        if not key.startswith(_OTHERS) and _TAG_KEY.fullmatch(key)
    }
    secrets = tuple(key for key, value in kept.items() if secret(key, value))
    for key in secrets:
        del kept[key]
    return kept, tuple(_remarks(secrets))


def _remarks(secrets: tuple[str, ...]) -> Iterator[str]:
    for key in secrets:
        yield f"the value of the tag {key} looks like a secret and is left out"
