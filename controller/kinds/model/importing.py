"""Registered models as entries of the document."""

from collections.abc import Iterator
from typing import Any

from controller.core.models.importing import importable_tags, key_of, own_name
from controller.core.models.measurement import benchmark_of
from controller.core.models.model_id import current_id
from controller.core.models.registration import (
    BASELINE_TAG,
    METRIC_TAG,
    TOKEN_TAG,
    ModelVersion,
    newest_version,
)
from controller.core.models.registry import RegisteredModel
from controller.core.resources.importing import (
    ImportedEntry,
    ImportSelection,
    LooksSecret,
)

_DECLARED = frozenset({TOKEN_TAG, METRIC_TAG, BASELINE_TAG})


def entry_of(
    model: RegisteredModel,
    versions: tuple[ModelVersion, ...],
    wanted: ImportSelection,
    secret: LooksSecret,
) -> ImportedEntry:
    """Return the entry that adopts ``model``; applying it registers nothing.

    The versions that exist stay in MLflow and are not declared: each would be
    registered once more, because it does not carry the hash of a registration.
    """
    key = key_of(model.name, wanted.key)
    newest = newest_version(versions)
    tags, remarks = importable_tags(model.tags, secret)
    token = model.tags.get(TOKEN_TAG) or (newest.tags.get(TOKEN_TAG) if newest else "")
    benchmark = benchmark_of(newest, model.tags, None) if newest else None
    id_ = current_id(model.name, model.tags)
    fields: dict[str, Any] = {
        "adopt": True,
        **own_name(model.name, key),
        **({"id": id_} if id_ != key else {}),
        "token_symbol": token,
        "description": model.description,
        "tags": {k: v for k, v in tags.items() if k not in _DECLARED},
        "benchmark": {"metric": benchmark.metric, "baseline": benchmark.baseline}
        if benchmark
        else {},
        "aliases": dict(sorted(model.aliases.items())),
    }
    fields = {k: v for k, v in fields.items() if v not in ("", None, {})}
    more = tuple(_remarks(versions))
    return ImportedEntry("models", key, fields, (*remarks, *more), model.name)


def _remarks(versions: tuple[ModelVersion, ...]) -> Iterator[str]:
    if versions:
        yield (
            f"its {len(versions)} versions stay as they are and are not part of the "
            "entry; declare only versions that are to be registered"
        )
