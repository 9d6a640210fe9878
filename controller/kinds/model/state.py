"""What is seen of a registered model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.core.models.registration import ModelVersion, TrainingRun


@dataclass(frozen=True, slots=True)
class ModelState:
    """A registered model as MLflow tells of it.

    Attributes:
        description: As shown by MLflow.
        tags: All of them, ours and others'.
        aliases: Version number by alias.
        versions: All of its versions.
        runs: Finished runs by experiment key, for what is selected from them.
    """

    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions: tuple[ModelVersion, ...] = ()
    runs: Mapping[str, tuple[TrainingRun, ...]] = field(default_factory=dict)
