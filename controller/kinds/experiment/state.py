"""Observed state of an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ExperimentState:
    """An experiment in MLflow.

    Attributes:
        id: MLflow's id.
        active: False if it is deleted; MLflow keeps deleted experiments.
        tags: All tags, managed or not.
        artifact_location: Location of the artifacts of its runs.
    """

    id: str
    active: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    artifact_location: str = ""
