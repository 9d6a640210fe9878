"""The ``hint`` kind: the webhook of MLflow that reports registrations to the controller."""

from typing import TYPE_CHECKING

from controller.core.document.mlflow import HintSpec
from controller.core.resources.kind import Kind
from controller.core.resources.lazy_import import deferred

if TYPE_CHECKING:
    from controller.kinds.hint.state import HintState

_COMPARE = "controller.kinds.hint.compare"

KIND: "Kind[HintSpec, HintState]" = Kind(
    name="hint",
    platform_path=("mlflow", "hint"),
    spec=HintSpec,
    compare=deferred(_COMPARE, "compare"),
    findings=deferred(_COMPARE, "findings"),
    references=deferred(_COMPARE, "references"),
    call_budget="one list of webhooks; two in all while no hint is declared",
    unedited=deferred(_COMPARE, "unedited"),
    prune=True,
    disposable=True,
)
