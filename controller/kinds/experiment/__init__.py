"""The ``experiment`` kind: MLflow experiments, which record training runs."""

from typing import TYPE_CHECKING

from controller.core.resources.kind import Kind
from controller.core.resources.lazy_import import deferred
from controller.kinds.experiment.spec import ExperimentSpec, complete, references

if TYPE_CHECKING:
    from controller.kinds.experiment.state import ExperimentState

KIND: "Kind[ExperimentSpec, ExperimentState]" = Kind(
    name="experiment",
    section="experiments",
    spec=ExperimentSpec,
    compare=deferred("controller.kinds.experiment.compare", "compare"),
    references=references,
    complete=complete,
    details=deferred("controller.kinds.experiment.details", "details"),
    cost=deferred("controller.kinds.experiment.details", "cost"),
    call_budget="one search of all experiments",
    # MLflow fixes the location at creation; moving artifacts is manual work.
    advice_only=frozenset({"artifact_location"}),
)
