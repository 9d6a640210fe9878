"""The ``model`` kind: registered models, their versions and aliases in MLflow."""

from typing import TYPE_CHECKING

from controller.core.resources.kind import Kind
from controller.core.resources.lazy_import import deferred
from controller.kinds.model.spec import ModelSpec, complete, references

if TYPE_CHECKING:
    from controller.kinds.model.state import ModelState

KIND: "Kind[ModelSpec, ModelState]" = Kind(
    name="model",
    section="models",
    spec=ModelSpec,
    compare=deferred("controller.kinds.model.compare", "compare"),
    health=deferred("controller.kinds.model.health", "health"),
    conditions=deferred("controller.kinds.model.health", "conditions"),
    hold_reason=deferred("controller.kinds.model.health", "hold_reason"),
    references=references,
    complete=complete,
    details=deferred("controller.kinds.model.details", "details"),
    cost=deferred("controller.kinds.model.details", "cost"),
    call_budget="one search of models, one of versions, two per selected experiment, "
    "and one of the runs of versions that are seen for the first time",
)
