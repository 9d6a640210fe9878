"""MLflow's model registry: values, and protocols for reads and writes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from controller.core.models.registration import ModelVersion, TrainingRun
from controller.core.models.signature import Signature


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment; a deleted one still occupies its name.

    Attributes:
        id: MLflow's id.
        name: Unique name, even among deleted experiments.
        lifecycle_stage: ``active`` or ``deleted``.
        artifact_location: URI of the artifacts of its runs; immutable.
        tags: Current tags.
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
        """True if it must be restored before it can be used."""
        return self.lifecycle_stage == "deleted"


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A registered model, without its versions.

    Attributes:
        name: Unique name.
        description: Description; empty if there is none.
        tags: Current tags.
        aliases: Number of the version to which each alias points.
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
        """Return all experiments, including deleted ones."""
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

    def latest_runs(self, experiment_id: str, limit: int) -> tuple[TrainingRun, ...]:
        """Return the newest runs of one experiment in any state, the newest first."""
        ...

    def runs_by_id(self, ids: Collection[str]) -> Mapping[str, TrainingRun]:
        """Return the runs with these ids, by id; runs that are gone are left out."""
        ...

    def signature(self, version: ModelVersion) -> Signature:
        """Return the signature of ``version``."""
        ...


class CachedReads(RegistryReads, Protocol):
    """Reads that cache their results within a pass."""

    def clear(self) -> None:
        """Clear the cache: the next read queries MLflow."""
        ...


class RegistryWrites(Protocol):
    """Writes to the registry and to experiments.

    Every method raises DriverError: ConflictError if the object exists already,
    NotFoundError if it does not, OutcomeUnknownError if the response was lost.
    """

    def create_experiment(
        self, name: str, tags: Mapping[str, str], artifact_location: str = ""
    ) -> str:
        """Create an experiment and return its id.

        Raises ConflictError if the name is taken, also by a deleted experiment.
        """
        ...

    def restore_experiment(self, experiment_id: str) -> None:
        """Restore a deleted experiment; NotFoundError if it is not deleted."""
        ...

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set one tag. Safe to repeat."""
        ...

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Delete one tag. Safe to repeat."""
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
        """Create a version. Never safe to repeat: each call creates another one.

        The tags are set at its creation, so that a version whose response was lost can
        be found by them.
        """
        ...

    def set_version_tag(self, model: str, number: int, key: str, value: str) -> None:
        """Set one tag of a version. Safe to repeat."""
        ...

    def delete_version_tag(self, model: str, number: int, key: str) -> None:
        """Delete one tag of a version. Safe to repeat."""
        ...

    def set_alias(self, model: str, alias: str, number: int) -> None:
        """Point ``alias`` to a version, wherever it pointed before. Safe to repeat."""
        ...

    def delete_alias(self, model: str, alias: str) -> None:
        """Delete an alias. Safe to repeat."""
        ...
