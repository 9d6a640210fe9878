"""The ``model`` kind: registered models, their versions and aliases in MLflow."""

from controller.core.resources.kind import Kind
from controller.kinds.model.compare import compare
from controller.kinds.model.details import cost, details
from controller.kinds.model.health import conditions, health, hold_reason
from controller.kinds.model.spec import ModelSpec, complete, references
from controller.kinds.model.state import ModelState

KIND: Kind[ModelSpec, ModelState] = Kind(
    name="model",
    section="models",
    spec=ModelSpec,
    compare=compare,
    health=health,
    conditions=conditions,
    hold_reason=hold_reason,
    references=references,
    complete=complete,
    details=details,
    cost=cost,
    call_budget="one search of models, one of versions, two per selected experiment, "
    "and one of the runs of versions that are seen for the first time",
)
