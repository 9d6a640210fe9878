"""Registration of models and tracking of experiments, for training code.

Works against a plain MLflow server and through a proxy that requires a key::

    from controller.registry import ExperimentManager, ModelRegistry

MLflow is imported here and nowhere else in the controller's own code. Versions that are
registered with ``mlflow.register_model`` or any other client are announced and measured
in the same way; nothing requires this module.
"""

from importlib.util import find_spec

if find_spec("mlflow") is None:
    _MESSAGE = (
        "controller.registry needs MLflow's client: install it with "
        "`pip install 'hokusai-controller[mlflow]'`"
    )
    raise ImportError(_MESSAGE)

from controller.registry.entries import (
    ModelEntry,
    ModelLineage,
    RegistryError,
    RunSummary,
)
from controller.registry.experiments import ExperimentManager, ExperimentRun
from controller.registry.registry import ModelRegistry

__all__ = [
    "ExperimentManager",
    "ExperimentRun",
    "ModelEntry",
    "ModelLineage",
    "ModelRegistry",
    "RegistryError",
    "RunSummary",
]
