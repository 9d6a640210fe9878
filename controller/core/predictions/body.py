"""Bodies of prediction requests: the platform's, and MLflow's four.

See "Deploy MLflow Model as a Local Inference Server" in MLflow's documentation for
``dataframe_split``, ``dataframe_records``, ``instances`` and ``inputs``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from controller.core.predictions.violations import refuse, shown


class BodyForm(StrEnum):
    """Form of a body, by the key that holds the input."""

    PLATFORM = "platform"
    SPLIT = "dataframe_split"
    RECORDS = "dataframe_records"
    INSTANCES = "instances"
    INPUTS = "inputs"


_OPTIONS = "options"
_MLFLOW = (BodyForm.SPLIT, BodyForm.RECORDS, BodyForm.INSTANCES, BodyForm.INPUTS)
# Methods that this service performs; others were those of external providers.
METHODS = ("mlflow_pyfunc", "local")


@dataclass(frozen=True, slots=True)
class PredictionBody:
    """A decoded body.

    Attributes:
        form: Form of the body, which the answer has too.
        content: Input, not checked yet.
        version: Number of the requested version; None for the one of the reference.
    """

    form: BodyForm
    content: Any
    version: int | None = None


def prediction_body(decoded: Any) -> PredictionBody:
    """Return the body that was sent.

    An object ``inputs`` is one row in the platform's form unless all its values are
    arrays, which are columns in MLflow's form; ``options`` makes it the platform's.

    Raises:
        InputError: The body has no known form.
    """
    if not isinstance(decoded, dict):
        refuse("body", "must be an object")
    forms = [form for form in _MLFLOW if form in decoded]
    if len(forms) != 1:
        expected = ", ".join(_MLFLOW)
        refuse("body", f"must have exactly one of the keys {expected}")
    form, content = forms[0], decoded[forms[0]]
    is_platform = form is BodyForm.INPUTS and (
        _OPTIONS in decoded or (isinstance(content, dict) and not _are_columns(content))
    )
    allowed = {form.value, _OPTIONS} if is_platform else {form.value}
    for key in decoded:
        if key not in allowed:
            refuse(shown(key), "is not supported")
    if not is_platform:
        return PredictionBody(form, content)
    return PredictionBody(
        BodyForm.PLATFORM, content, _version(decoded.get(_OPTIONS) or {})
    )


def _are_columns(content: Mapping[str, Any]) -> bool:
    return bool(content) and all(isinstance(v, list) for v in content.values())


def _version(options: Any) -> int | None:
    """Return the requested version, after a check of the options."""
    if not isinstance(options, dict):
        refuse(_OPTIONS, "must be an object")
    for key in options:
        if key not in {"inference_method", "model_version"}:
            refuse(f"{_OPTIONS}.{shown(key)}", "is not supported")
    if options.get("inference_method") not in {None, *METHODS}:
        refuse(f"{_OPTIONS}.inference_method", f"must be {' or '.join(METHODS)}")
    return _number(options.get("model_version"))


def _number(version: Any) -> int | None:
    is_number = isinstance(version, int) and not isinstance(version, bool)
    is_text = isinstance(version, str) and version.isascii() and version.isdigit()
    if version is None:
        return None
    if not is_text and not (is_number and version > 0):
        refuse(f"{_OPTIONS}.model_version", "must be the number of a version")
    return int(version)
