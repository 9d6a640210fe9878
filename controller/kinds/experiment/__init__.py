"""The ``experiment`` kind: MLflow experiments, which record training runs."""

from controller.core.resources.kind import Kind
from controller.kinds.experiment.compare import compare
from controller.kinds.experiment.details import cost, details
from controller.kinds.experiment.spec import ExperimentSpec, complete, references
from controller.kinds.experiment.state import ExperimentState

KIND: Kind[ExperimentSpec, ExperimentState] = Kind(
    name="experiment",
    section="experiments",
    spec=ExperimentSpec,
    compare=compare,
    references=references,
    complete=complete,
    details=details,
    cost=cost,
    call_budget="one search of all experiments",
    # MLflow fixes the location at creation; moving artifacts is manual work.
    advice_only=frozenset({"artifact_location"}),
)
