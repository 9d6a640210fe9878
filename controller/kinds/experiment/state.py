"""What is seen of an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ExperimentState:
    """An experiment as MLflow tells of it.

    Attributes:
        id: MLflow's id.
        active: Whether it is not deleted; MLflow deletes softly.
        tags: All of them, ours and others'.
        artifact_location: Where its runs keep their artifacts.
    """

    id: str
    active: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    artifact_location: str = ""
