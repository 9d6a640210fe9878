"""Observed state of a registered model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.core.models.registration import ModelVersion, TrainingRun


@dataclass(frozen=True, slots=True)
class ModelState:
    """A registered model in MLflow.

    Attributes:
        description: Description.
        tags: All tags, managed or not.
        aliases: Version number by alias.
        versions: All versions.
        runs: Finished runs by experiment key, for selections.
        version_runs: Runs of the versions, by id.
    """

    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions: tuple[ModelVersion, ...] = ()
    runs: Mapping[str, tuple[TrainingRun, ...]] = field(default_factory=dict)
    version_runs: Mapping[str, TrainingRun] = field(default_factory=dict)
