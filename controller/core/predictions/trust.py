"""Models that may be loaded: a load of pickled or custom code executes that code.

MLflow's file ``MLmodel`` is part of the model, so nothing in it is trusted: formats
without code load for everybody, and others only if this platform registered the version
or the settings name the model. A registration is a tag, which a writer of MLflow can
forge: the write permission of MLflow's registry remains the boundary.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from controller.core.models.registration import REGISTRATION_TAG

_FUNCTION = "python_function"


def refusal_to_load(
    flavors: Mapping[str, Any],
    *,
    model: str,
    tags: Mapping[str, str],
    trusted: Sequence[str] = (),
) -> str:
    """Return the reason why a version is not loaded; empty if it may be.

    Args:
        flavors: Section ``flavors`` of its MLmodel file.
        model: Name of the registered model.
        tags: Tags of the version.
        trusted: Names of models, or patterns with ``*``, whose code may be executed.
    """
    code = _code(flavors)
    if not code or tags.get(REGISTRATION_TAG):
        return ""
    if any(fnmatchcase(model, pattern) for pattern in trusted):
        return ""
    return (
        f"loading it would execute code ({code}): register the version with hokusai, save "
        "it without pickle (scikit-learn with skops), or name the model in "
        "HOKUSAI_TRUSTED_MODELS"
    )


def _code(flavors: Mapping[str, Any]) -> str:
    """Return the part of a model that is code, or unknown; empty if it has none."""
    function = flavors.get(_FUNCTION)
    if not isinstance(function, Mapping):
        return "no flavor python_function"
    if function.get("code"):
        return "files of code"
    loader = function.get("loader_module")
    match loader:
        case "mlflow.sklearn":
            sklearn = flavors.get("sklearn")
            return _sklearn_code(
                sklearn if isinstance(sklearn, Mapping) else {}, function
            )
        case "mlflow.onnx":
            return ""
        case _:
            return "a loader that is not on the list of safe ones"


def _sklearn_code(sklearn: Mapping[str, Any], function: Mapping[str, Any]) -> str:
    formats = {sklearn.get("serialization_format")}
    files = {str(sklearn.get("pickled_model")), str(function.get("model_path"))}
    if formats != {"skops"} or not all(file.endswith(".skops") for file in files):
        return "a pickle of scikit-learn"
    if sklearn.get("code"):
        return "files of code"
    if sklearn.get("skops_trusted_types"):
        return "types that skops does not know"
    return ""
