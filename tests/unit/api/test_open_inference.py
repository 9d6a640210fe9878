"""Open Inference Protocol: metadata, readiness and inference."""

import json

import pytest

from controller.core.models.signature import signature_of
from controller.core.predictions.open_inference import (
    output_tensors,
    tensor_inputs,
    tensor_rows,
)
from controller.core.predictions.violations import InputError
from tests.builders.predictions import PredictionService, post

X = {"name": "x", "datatype": "FP64", "shape": [2], "data": [1.0, 2.0]}
MATRIX = signature_of(
    json.dumps(
        [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]
    )
)


@pytest.mark.parametrize("path", ["/v2", "/v2/health/live", "/v2/health/ready"])
def test_the_server_is_described_without_a_key(path):
    assert PredictionService().get(path, by="").status_code == 200


@pytest.mark.parametrize("path", ["/v2/models/leads", "/v2/models/leads/versions/2"])
def test_a_model_is_described(path):
    assert PredictionService().get(path).json() == {
        "name": "leads",
        "versions": ["2"],
        "platform": "mlflow_pyfunc",
        "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1]}],
        "outputs": [],
    }


@pytest.mark.parametrize(
    ("path", "factor"),
    [
        ("/v2/models/leads/infer", 2),
        ("/v2/models/leads/versions/3/infer", 3),
        ("/v2/models/leads@production/infer", 2),
    ],
)
def test_tensors_are_predicted(path, factor):
    answer = PredictionService().post(path, {"id": "42", "inputs": [X]}).json()

    assert answer == {
        "id": "42",
        "model_name": path.split("/")[3],
        "model_version": str(factor),
        "outputs": [
            {
                "name": "predictions",
                "datatype": "FP64",
                "shape": [2],
                "data": [1.0 * factor, 2.0 * factor],
            }
        ],
    }


def test_readiness_of_a_model_follows_its_load():
    service = PredictionService()
    gate = service.loader.hold(2)

    async def work(http):
        key = {"authorization": "Bearer leads"}
        cold = await http.get("/v2/models/leads/ready", headers=key)
        gate.set()
        await post(http, "/v2/models/leads/infer", {"inputs": [X]})
        return cold, await http.get("/v2/models/leads/ready", headers=key)

    cold, warm = service.run(work)
    assert (cold.status_code, warm.status_code) == (503, 200)
    assert "not ready" in cold.json()["error"]


@pytest.mark.parametrize(
    ("path", "by", "status"),
    [
        ("/v2/models/leads/infer", "", 401),
        ("/v2/models/leads/infer", "reader", 403),
        ("/v2/models/none/infer", "leads", 404),
        ("/v2/models/leads/versions/9/infer", "leads", 404),
    ],
)
def test_errors_have_the_field_of_the_protocol(path, by, status):
    answer = PredictionService().post(path, {"inputs": [X]}, by)

    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"datatype": "FP32"}, "inputs[0].datatype"),
        ({"shape": [3]}, "inputs[0].data"),
        ({"shape": [1, 2, 1]}, "inputs[0].shape"),
        ({"shape": [True]}, "inputs[0].shape"),
        ({"shape": "2"}, "inputs[0].shape"),
        ({"data": "1"}, "inputs[0].data"),
        ({"data": [1.0, "2"]}, "x[1]"),
        ({"name": "y"}, "inputs[0].name"),
        ({"name": 1}, "inputs[0]"),
    ],
)
def test_a_tensor_that_does_not_fit_is_named(change, field):
    answer = PredictionService().post(
        "/v2/models/leads/infer", {"inputs": [{**X, **change}]}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert answer.json()["error"]


@pytest.mark.parametrize("sent", [[], {}, {"inputs": {}}, {"inputs": []}])
def test_a_request_without_tensors_is_refused(sent):
    with pytest.raises(InputError):
        tensor_rows(sent, MATRIX)


@pytest.mark.parametrize("data", [[1.0, 2.0, 3.0, 4.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_a_tensor_without_a_name_has_the_shape_of_its_rows(data):
    tensor = {"name": "input0", "datatype": "FP32", "shape": [2, 2], "data": data}

    rows = tensor_rows({"inputs": [tensor]}, MATRIX)

    assert rows.columns == {"[0]": [[1.0, 2.0], [3.0, 4.0]]}
    assert tensor_inputs(MATRIX) == [
        {"name": "input0", "datatype": "FP32", "shape": [-1, 2]}
    ]


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ([1, 2], [("predictions", "INT64", [2])]),
        ([True], [("predictions", "BOOL", [1])]),
        (["a"], [("predictions", "BYTES", [1])]),
        ([[0.1, 0.9]], [("predictions", "FP64", [1, 2])]),
        ([{"a": 1, "b": "x"}], [("a", "INT64", [1]), ("b", "BYTES", [1])]),
    ],
)
def test_predictions_are_tensors(values, kinds):
    found = output_tensors(values)

    assert [(t["name"], t["datatype"], t["shape"]) for t in found] == kinds
