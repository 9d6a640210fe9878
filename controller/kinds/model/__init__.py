"""The ``model`` kind: registered models, their versions and aliases in MLflow."""

from typing import TYPE_CHECKING

from controller.core.resources.kind import Kind
from controller.core.resources.lazy_import import deferred
from controller.kinds.model.spec import ModelSpec, complete, references

if TYPE_CHECKING:
    from controller.kinds.model.state import ModelState

_HEALTH = "controller.kinds.model.health"
_DETAILS = "controller.kinds.model.details"
_OPERATIONS = "controller.kinds.model.operations"

KIND: "Kind[ModelSpec, ModelState]" = Kind(
    name="model",
    section="models",
    spec=ModelSpec,
    compare=deferred("controller.kinds.model.compare", "compare"),
    health=deferred(_HEALTH, "health"),
    conditions=deferred(_HEALTH, "conditions"),
    hold_reason=deferred(_HEALTH, "hold_reason"),
    findings=deferred(_HEALTH, "findings"),
    resolve_request=deferred(_OPERATIONS, "resolved_request"),
    check_request=deferred(_OPERATIONS, "refusal"),
    result_so_far=deferred(_OPERATIONS, "result_so_far"),
    unedited=deferred("controller.kinds.model.compare", "unedited"),
    positions=deferred("controller.kinds.model.compare", "positions"),
    references=references,
    complete=complete,
    details=deferred(_DETAILS, "details"),
    cost=deferred(_DETAILS, "cost"),
    call_budget="one search of models, one of versions, two per selected experiment, "
    "one of the runs of versions that are seen for the first time, and one file for each "
    "version whose signature a gate compares for the first time",
)
