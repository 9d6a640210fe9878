"""Experiments as entries of the document."""

from typing import Any

from controller.core.models.importing import importable_tags, key_of, own_name
from controller.core.models.registry import Experiment
from controller.core.resources.importing import (
    ImportedEntry,
    ImportSelection,
    LooksSecret,
)
from controller.kinds.experiment.compare import DESCRIPTION_TAG


def entry_of(
    experiment: Experiment, wanted: ImportSelection, secret: LooksSecret
) -> ImportedEntry:
    """Return the entry that adopts ``experiment``."""
    key = key_of(experiment.name, wanted.key)
    tags, remarks = importable_tags(experiment.tags, secret)
    fields: dict[str, Any] = {
        "adopt": True,
        **own_name(experiment.name, key),
        "description": experiment.tags.get(DESCRIPTION_TAG, ""),
        "tags": tags,
    }
    fields = {k: v for k, v in fields.items() if v not in ("", {})}
    return ImportedEntry("experiments", key, fields, remarks, experiment.name)
