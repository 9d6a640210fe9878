"""MLflow's registry as the kinds see it: values, reads and writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from controller.core.models.registration import ModelVersion, TrainingRun


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment; a deleted one still holds its name.

    Attributes:
        id: MLflow's.
        name: Unique, even among the deleted.
        lifecycle_stage: ``active`` or ``deleted``.
        artifact_location: Where its runs keep their artifacts; never changes.
        tags: As they stand.
        created_ms: Creation, in milliseconds since the epoch.
    """

    id: str
    name: str
    lifecycle_stage: str = "active"
    artifact_location: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    created_ms: int = 0

    @property
    def deleted(self) -> bool:
        """Whether it must be restored before it can be used."""
        return self.lifecycle_stage == "deleted"


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A registered model, without its versions.

    Attributes:
        name: Unique.
        description: Empty if none was given.
        tags: As they stand.
        aliases: Number of the version each one points to.
        created_ms: Creation, in milliseconds since the epoch.
    """

    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    created_ms: int = 0


class RegistryReads(Protocol):
    """Reads of experiments, registered models, versions and runs.

    Every method raises DriverError.
    """

    def experiments(self) -> tuple[Experiment, ...]:
        """Return all experiments, the deleted ones too."""
        ...

    def models(self) -> tuple[RegisteredModel, ...]:
        """Return all registered models."""
        ...

    def versions(self) -> tuple[ModelVersion, ...]:
        """Return all versions of all registered models."""
        ...

    def runs(self, experiment_id: str, metric: str) -> tuple[TrainingRun, ...]:
        """Return the finished runs of one experiment that measured ``metric``."""
        ...


class CachedReads(RegistryReads, Protocol):
    """Reads that remember their answers within a pass."""

    def clear(self) -> None:
        """Forget every answer: the next read asks MLflow."""
        ...


class RegistryWrites(Protocol):
    """Writes to the registry and to experiments.

    Every method raises DriverError: ConflictError if the thing exists already,
    NotFoundError if it does not, OutcomeUnknownError if the answer was lost.
    """

    def create_experiment(
        self, name: str, tags: Mapping[str, str], artifact_location: str = ""
    ) -> str:
        """Create an experiment and return its id.

        Raises ConflictError if the name is taken, also by a deleted experiment.
        """
        ...

    def restore_experiment(self, experiment_id: str) -> None:
        """Bring a deleted experiment back; NotFoundError if it is not deleted."""
        ...

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set one tag. Safe to repeat."""
        ...

    def create_model(
        self, name: str, tags: Mapping[str, str], description: str = ""
    ) -> RegisteredModel:
        """Create a registered model; ConflictError if the name is taken."""
        ...

    def update_model(self, name: str, description: str) -> None:
        """Replace the description. Safe to repeat."""
        ...

    def set_model_tag(self, name: str, key: str, value: str) -> None:
        """Set one tag of a registered model. Safe to repeat."""
        ...

    def delete_model_tag(self, name: str, key: str) -> None:
        """Delete one tag of a registered model. Safe to repeat."""
        ...

    def create_version(
        self,
        model: str,
        source: str,
        run_id: str,
        tags: Mapping[str, str],
        description: str = "",
    ) -> ModelVersion:
        """Create a version. Never safe to repeat: each call makes another one.

        The tags are there from its first moment, so that a version whose answer
        was lost can be found by them.
        """
        ...

    def set_version_tag(self, model: str, number: int, key: str, value: str) -> None:
        """Set one tag of a version. Safe to repeat."""
        ...

    def set_alias(self, model: str, alias: str, number: int) -> None:
        """Point ``alias`` to a version, from wherever it pointed. Safe to repeat."""
        ...

    def delete_alias(self, model: str, alias: str) -> None:
        """Delete an alias. Safe to repeat."""
        ...
