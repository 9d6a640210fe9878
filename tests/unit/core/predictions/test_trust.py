"""Loading: formats without code load for everybody, others only if they are trusted."""

import pytest

from controller.core.models.registration import REGISTRATION_TAG
from controller.core.predictions.trust import refusal_to_load

SKOPS = {
    "python_function": {
        "loader_module": "mlflow.sklearn",
        "model_path": "model.skops",
        "code": None,
    },
    "sklearn": {
        "serialization_format": "skops",
        "pickled_model": "model.skops",
        "skops_trusted_types": None,
        "code": None,
    },
}


def with_field(flavor, name, value):
    return {**SKOPS, flavor: {**SKOPS[flavor], name: value}}


WITH_CODE = {
    "cloudpickle": with_field("sklearn", "serialization_format", "cloudpickle"),
    "no format": with_field("sklearn", "serialization_format", None),
    "pickled file": with_field("sklearn", "pickled_model", "model.pkl"),
    "other path": with_field("python_function", "model_path", "model.pkl"),
    "trusted types": with_field("sklearn", "skops_trusted_types", ["os.system"]),
    "code": with_field("python_function", "code", "code"),
    "code of sklearn": with_field("sklearn", "code", "code"),
    "loader": with_field("python_function", "loader_module", "evil"),
    "python model": with_field(
        "python_function", "loader_module", "mlflow.pyfunc.model"
    ),
    "no sklearn": {"python_function": SKOPS["python_function"]},
    "no function": {"sklearn": SKOPS["sklearn"]},
    "broken function": {"python_function": "mlflow.sklearn"},
    "nothing": {},
}


def refused(flavors, **more):
    return refusal_to_load(flavors, **{"model": "leads", "tags": {}, **more})


def test_skops_is_loaded():
    assert refused(SKOPS) == ""
    assert refused({"python_function": {"loader_module": "mlflow.onnx"}}) == ""


@pytest.mark.parametrize("flavors", WITH_CODE.values(), ids=WITH_CODE.keys())
def test_code_is_loaded_only_of_registered_or_named_models(flavors):
    assert "would execute code" in refused(flavors)
    assert refused(flavors, tags={REGISTRATION_TAG: "v1:abc"}) == ""
    assert refused(flavors, trusted=["le*"]) == ""
    assert refused(flavors, tags={REGISTRATION_TAG: ""}, trusted=["other"]) != ""
