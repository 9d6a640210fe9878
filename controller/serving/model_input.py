"""Conversion of checked rows to the input of a model, and of predictions to JSON."""

import json
from typing import Any

from controller.core.models.signature import ModelInput, ModelSignature
from controller.core.predictions.rows import ModelRows

_DTYPES = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "datetime": "datetime64[ns]",
}


def model_input(signature: ModelSignature, rows: ModelRows) -> Any:
    """Return a data frame, or arrays if the signature has tensors.

    Signatures of tensors have one array without a name, or a mapping of arrays.
    """
    import numpy as np
    import pandas as pd

    dtypes = {one.name: _tensor_dtype(one) for one in signature.inputs}
    if any(dtypes.values()):
        arrays = {
            name: np.asarray(values, dtype=dtypes[name])
            for name, values in rows.columns.items()
        }
        return arrays["[0]"] if arrays.keys() == {"[0]"} else arrays
    columns = {
        one.name: _column(one, rows.columns[one.name])
        for one in signature.inputs
        if one.name in rows.columns
    }
    frame = pd.DataFrame(columns)
    if all(name.startswith("[") for name in columns):
        frame.columns = pd.RangeIndex(len(columns))
    return frame


def json_predictions(found: Any) -> Any:
    """Return predictions as JSON values: a list of rows for arrays and data frames."""
    if hasattr(found, "to_dict") and hasattr(found, "columns"):
        return found.to_dict(orient="records")
    if hasattr(found, "tolist"):
        return found.tolist()
    if isinstance(found, tuple | list):
        return [json_predictions(one) for one in found]
    if isinstance(found, dict):
        return {str(key): json_predictions(value) for key, value in found.items()}
    return found


def _column(one: ModelInput, values: Any) -> Any:
    import numpy as np

    dtype = _DTYPES.get(one.type)
    if dtype == "datetime64[ns]":
        import pandas as pd

        return pd.to_datetime(values, utc=True).tz_localize(None)
    if dtype is None:
        column = np.empty(len(values), dtype=object)
        column[:] = list(values)
        return column
    return np.asarray(values, dtype=dtype)


def _tensor_dtype(one: ModelInput) -> str:
    """Return numpy's name of the elements of a tensor; empty for a column."""
    if '"tensor-spec"' not in one.type:
        return ""
    return str(json.loads(one.type)["tensor-spec"]["dtype"])
