"""Predictions over HTTP: forms, refusals, readiness, deadlines and aliases that move."""

import asyncio
import json
import threading

import pytest

from tests.builders.predictions import PredictionService, post
from tests.builders.served_models import Loader

PREDICT = "/api/v1/models/leads/predict"
ROW = {"inputs": {"x": 10.0}}


def test_the_form_of_the_platform_is_answered_with_metadata():
    answer = PredictionService().post("/api/v1/models/21/predict", ROW)

    assert answer.status_code == 200
    content = answer.json()
    id_ = content["inference_log_id"]
    assert content == {
        "model_id": "21",
        "predictions": {"prediction": 20.0},
        "metadata": {
            "api_version": "1",
            "inference_method": "mlflow_pyfunc",
            "user_id": "leads@example.com",
            "api_key_id": "id-leads",
            "model_version": "2",
            "request_id": id_,
        },
        "timestamp": "2026-01-02T12:00:00+00:00",
        "inference_log_id": id_,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["x"], "data": [[1.0], [2.0]]}},
        {"dataframe_records": [{"x": 1.0}, {"x": 2.0}]},
        {"instances": [1.0, 2.0]},
        {"instances": [{"x": 1.0}, {"x": 2.0}]},
        {"inputs": {"x": [1.0, 2.0]}},
        {"inputs": [1.0, 2.0]},
    ],
)
def test_forms_of_mlflow_are_answered_as_mlflow_does(body):
    answer = PredictionService().post(PREDICT, body)

    assert answer.json() == {"predictions": [2.0, 4.0]}


@pytest.mark.parametrize(
    ("reference", "options", "number"),
    [
        ("leads", {}, 2),
        ("21", {}, 2),
        ("leads@production", {}, 2),
        ("leads:3", {}, 3),
        ("leads", {"model_version": 1}, 1),
        ("leads", {"model_version": "3"}, 3),
        ("leads", {"inference_method": "local"}, 2),
    ],
)
def test_a_reference_or_an_option_names_the_version(reference, options, number):
    body = {**ROW, "options": options}

    answer = PredictionService().post(f"/api/v1/models/{reference}/predict", body)

    assert answer.json()["metadata"]["model_version"] == str(number)
    assert answer.json()["predictions"] == {"prediction": 10.0 * number}


def test_a_model_without_production_is_its_newest_version():
    service = PredictionService()
    service.registry.aliases = {}

    assert service.post(PREDICT, ROW).json()["metadata"]["model_version"] == "3"


@pytest.mark.parametrize(
    ("path", "by", "status"),
    [
        (PREDICT, "", 401),
        (PREDICT, "unknown", 401),
        (PREDICT, "reader", 403),
        ("/api/v1/models/none/predict", "leads", 404),
        ("/api/v1/models/leads:9/predict", "leads", 404),
        ("/api/v1/models/leads@canary/predict", "leads", 404),
        ("/api/v1/models/empty/predict", "leads", 403),
        ("/api/v1/models/empty/predict", "all", 404),
    ],
)
@pytest.mark.parametrize("body", [ROW, b"{"])
def test_callers_and_references_are_checked_before_the_body(path, by, status, body):
    answer = PredictionService().post(path, body, by)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("type_", ["", "text/csv", "application/x-parquet"])
def test_another_media_type_is_refused(type_):
    answer = PredictionService().post(PREDICT, "x\n1.0", **{"content-type": type_})

    assert answer.status_code == 415


@pytest.mark.parametrize(
    "type_", ["application/json; charset=utf-8", "Application/JSON;x=1"]
)
def test_parameters_of_the_media_type_are_accepted(type_):
    answer = PredictionService().post(PREDICT, ROW, **{"content-type": type_})

    assert answer.status_code == 200


def test_a_body_over_the_limit_is_refused_by_its_header_or_its_size():
    service = PredictionService()

    async def chunks():
        for _ in range(7):
            yield b" " * 1024 * 1024

    async def work(http):
        headers = {
            "content-type": "application/json",
            "authorization": "Bearer leads",
        }
        return [
            await http.post(PREDICT, content=content, headers=headers)
            for content in (b" " * 7 * 1024 * 1024, chunks())
        ]

    assert [a.status_code for a in service.run(work)] == [413, 413]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (b'{"inputs": {"x": NaN}}', "inputs.x", "must be a finite number"),
        (b'{"inputs": {"x": -Infinity}}', "inputs.x", "must be a finite number"),
        (b'{"inputs": {"x": 1e999}}', "inputs.x", "must be a finite number"),
        (b'{"inputs": {"x": 9007199254740993}}', "inputs.x", "a double represents"),
        (b'{"inputs": {"x": null}}', "inputs.x", "must not be null"),
        (b'{"inputs": {"x": "s3cret"}}', "inputs.x", "must be a number"),
        (b'{"inputs": {"x": true}}', "inputs.x", "must be a number"),
        (b'{"inputs": {}}', "x", "is required"),
        (b'{"inputs": {"x": 1, "y": 2}}', "y", "is not an input"),
        (b'{"inputs": {"x": 1}', "body", "must be JSON: line 1"),
        (b"", "body", "must be JSON"),
        (b"\xff\xfe", "body", "must be JSON"),
        (b"[" * 100_000, "body", "must be JSON"),
        (b'"text"', "body", "must be an object"),
        (b'{"dataframe_records": [{"x": 1}, {"x": []}]}', "dataframe_records[1].x", ""),
    ],
)
def test_invalid_input_is_named_without_its_value(body, field, message):
    service = PredictionService()

    answer = service.post(PREDICT, body)

    assert answer.status_code == 422
    first = answer.json()["errors"][0]
    assert first["field"] == field
    assert message in first["message"]
    assert "s3cret" not in answer.text


def broken(rows):
    msg = f"traceback with {rows.columns}"
    raise RuntimeError(msg)


def test_a_model_that_fails_is_500_without_its_message():
    service = PredictionService(Loader(predict=broken, example=None))

    answer = service.post(PREDICT, ROW)

    assert answer.status_code == 500
    assert answer.json()["detail"] == "The model failed on this input."
    assert service.counted("failed") == 1


def test_a_model_that_is_not_ready_is_503_with_the_reason():
    service = PredictionService()
    service.loader.problems[2] = "the environment of the model differs"

    answer = service.post(PREDICT, ROW)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert "environment of the model differs" in answer.json()["detail"]
    assert service.counted("not_ready") == 1


def test_a_load_longer_than_the_deadline_is_503_and_serves_the_next_request():
    service = PredictionService(seconds=0.05)
    gate = service.loader.hold(2)

    async def work(http):
        first = await post(http, PREDICT, ROW)
        gate.set()
        service_ready = "/api/v1/models/leads/health"
        for _ in range(2_000):
            ready = await http.get(
                service_ready, headers={"authorization": "Bearer leads"}
            )
            if ready.status_code == 200:
                break
        return first, await post(http, PREDICT, ROW)

    first, second = service.run(work)
    assert (first.status_code, first.headers["retry-after"]) == (503, "30")
    assert second.status_code == 200


class Slow:
    """A model that predicts once ``go`` is set."""

    def __init__(self):
        self.go, self.began, self.rows = threading.Event(), threading.Event(), []

    def __call__(self, rows):
        self.began.set()
        assert self.go.wait(20)
        self.rows += rows.columns["x"]
        return list(rows.columns["x"])


def test_a_prediction_after_the_deadline_is_504():
    model = Slow()
    service = PredictionService(Loader(predict=model, example=None), seconds=0.2)

    async def work(http):
        try:
            return await post(http, PREDICT, ROW)
        finally:
            model.go.set()

    assert service.run(work).status_code == 504
    assert service.counted("deadline") == 1


def test_a_full_queue_is_503_at_once():
    model = Slow()
    service = PredictionService(Loader(predict=model, example=None), most_waiting=1)

    async def work(http):
        first = asyncio.create_task(post(http, PREDICT, ROW))
        await asyncio.to_thread(model.began.wait, 20)
        second = await post(http, PREDICT, ROW)
        model.go.set()
        return await first, second

    first, second = service.run(work)
    assert first.status_code == 200
    assert (second.status_code, second.headers["retry-after"]) == (503, "1")
    assert service.counted("full") == 1


def test_no_request_is_lost_while_the_alias_moves():
    service = PredictionService()
    gate = service.loader.hold(3)

    async def work(http):
        answers = [await post(http, PREDICT, ROW)]
        service.registry.aliases = {"production": 3}
        for n in range(200):
            service.clock.forward(1)
            answers.append(await post(http, PREDICT, ROW))
            if n == 50:
                gate.set()
            await asyncio.sleep(0)
        return answers

    answers = service.run(work)
    versions = [a.json()["metadata"]["model_version"] for a in answers]
    assert versions == sorted(versions)
    assert (versions[0], versions[-1]) == ("2", "3")


def test_health_says_if_the_version_is_in_memory():
    service = PredictionService()

    async def work(http):
        key = {"authorization": "Bearer leads"}
        path = "/api/v1/models/leads/health"
        gate = service.loader.hold(2)
        cold = await http.get(path, headers=key)
        gate.set()
        return cold, await http.get(f"{path}?warmup=true", headers=key)

    cold, warm = service.run(work)
    assert cold.status_code == 503
    assert warm.json() == {
        "model_id": "21",
        "ready": True,
        "model_version": "2",
        "batching": True,
        "batching_obstacle": "",
    }


def test_requests_of_many_callers_are_one_batch():
    model = Slow()
    service = PredictionService(Loader(predict=model))
    batches = []

    def predict(rows):
        batches.append(rows.count)
        return model(rows)

    service.loader.predict = predict
    model.go.set()

    async def work(http):
        await post(http, PREDICT, ROW)
        batches.clear()
        return await asyncio.gather(
            *(post(http, PREDICT, {"inputs": {"x": float(n)}}) for n in range(50))
        )

    answers = service.run(work)
    assert [a.json()["predictions"]["prediction"] for a in answers] == list(range(50))
    assert sum(batches) == 50


def test_what_a_caller_sent_is_in_no_log(caplog):
    caplog.set_level("DEBUG")
    service = PredictionService()

    service.post(PREDICT, json.dumps({"inputs": {"x": 12345.678}}))
    service.post(PREDICT, json.dumps({"inputs": {"x": "12345.678"}}))

    records = "".join(str(vars(record)) for record in caplog.records)
    assert "predicted" in records
    assert "12345" not in records
