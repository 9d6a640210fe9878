"""MLflow's responses and their failures, on a fake transport."""

import json
from collections.abc import Callable

import httpx
import pytest

from controller.clients.http import bearer_header
from controller.clients.mlflow import MlflowApi, MlflowReader
from controller.core.errors import (
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    ThrottledError,
    TransientError,
)
from controller.core.models.registration import ModelVersion, TrainingRun

Answer = Callable[[httpx.Request], httpx.Response]


def api(answer: Answer) -> MlflowApi:
    http = httpx.Client(
        base_url="http://mlflow.internal:5000", transport=httpx.MockTransport(answer)
    )
    return MlflowApi(http, bearer_header("abc"))


def always(status: int, body: str | dict[str, str]) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    return lambda _: httpx.Response(status, text=text)


def error(code: str, message: str = "why") -> dict[str, str]:
    return {"error_code": code, "message": message}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error("RESOURCE_ALREADY_EXISTS"), ConflictError),
        (400, error("INVALID_PARAMETER_VALUE"), PermanentError),
        (400, error("BAD_REQUEST", "UniqueViolation"), TransientError),
        (401, "You are not authenticated", PermanentError),
        (404, error("RESOURCE_DOES_NOT_EXIST"), NotFoundError),
        (429, error("RESOURCE_EXHAUSTED"), ThrottledError),
        (500, "<html>Internal Server Error</html>", TransientError),
        (503, error("TEMPORARILY_UNAVAILABLE"), TransientError),
        (504, "<html>Gateway timeout</html>", OutcomeUnknownError),
    ],
)
def test_a_failed_response_decides_the_class_of_error(status, body, kind):
    mlflow = api(always(status, body))

    with pytest.raises(kind) as failed:
        mlflow.create_model("m", {})

    assert type(failed.value) is kind
    assert "mlflow POST registered-models/create" in str(failed.value)


def test_a_404_of_another_server_does_not_mean_absent():
    mlflow = api(always(404, "<html>nginx</html>"))

    with pytest.raises(PermanentError) as failed:
        mlflow.models()

    assert not isinstance(failed.value, NotFoundError)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        # MLflow 3.2, 3.17 on files, and 3.17 for a user who is no administrator.
        (404, "<!doctype html>\n<title>404 Not Found</title>"),
        (400, error("INVALID_PARAMETER_VALUE", "The filesystem model registry")),
        (403, "Permission denied"),
    ],
)
def test_a_server_without_webhooks_is_a_permanent_error(status, body):
    with pytest.raises(PermanentError) as failed:
        api(always(status, body)).webhooks()

    assert not isinstance(failed.value, NotFoundError)


def test_success_without_json_is_not_mlflow():
    with pytest.raises(PermanentError, match="not MLflow"):
        api(always(200, "<html>welcome</html>")).models()


def test_a_refused_host_name_comes_with_its_remedy():
    mlflow = api(always(403, "Invalid Host header - possible DNS rebinding attack"))

    with pytest.raises(PermanentError) as failed:
        mlflow.models()

    assert "mlflow.internal,mlflow.internal:*" in str(failed.value)
    assert "MLFLOW_SERVER_ALLOWED_HOSTS" in str(failed.value)


@pytest.mark.parametrize(
    ("raised", "writing", "reading"),
    [
        (httpx.ConnectError("refused"), TransientError, TransientError),
        (httpx.ConnectTimeout("slow"), TransientError, TransientError),
        (httpx.ReadTimeout("slow"), OutcomeUnknownError, TransientError),
        (httpx.RemoteProtocolError("closed"), OutcomeUnknownError, TransientError),
        (httpx.WriteError("reset"), OutcomeUnknownError, TransientError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_lost_answer_leaves_only_a_write_in_doubt(raised, writing, reading):
    def lost(_request: httpx.Request) -> httpx.Response:
        raise raised

    with pytest.raises(writing) as wrote:
        api(lost).create_version("m", "s3://b/x", "", {})
    with pytest.raises(reading) as searched:
        api(lost).experiments()

    assert type(wrote.value) is writing
    assert type(searched.value) is reading


def test_missing_credentials_come_with_their_variables():
    with pytest.raises(PermanentError, match="MLFLOW_TRACKING_USERNAME"):
        api(always(401, "You are not authenticated.")).models()


def test_the_reason_stops_before_the_sql():
    message = "it exists. Error:\n[SQL: INSERT INTO experiments]"

    with pytest.raises(ConflictError) as failed:
        api(always(400, error("RESOURCE_ALREADY_EXISTS", message))).models()

    assert "SQL" not in str(failed.value)


def test_every_page_is_read_and_the_token_is_sent():
    pages = {
        None: {"registered_models": [{"name": "a"}], "next_page_token": "2"},
        "2": {"registered_models": [{"name": "b"}]},
    }

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer abc"
        return httpx.Response(200, json=pages[request.url.params.get("page_token")])

    assert [model.name for model in api(answer).models()] == ["a", "b"]


def test_prompts_are_neither_models_nor_versions():
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    answer = {
        "registered_models": [{"name": "prompt", "tags": tags}],
        "model_versions": [{"name": "prompt", "version": "1", "tags": tags}],
    }
    mlflow = api(lambda _: httpx.Response(200, json=answer))

    assert mlflow.models() == ()
    assert mlflow.versions() == ()


def test_a_run_has_its_metrics_and_the_model_it_logged():
    logged = {"model_id": "m-1", "source_run_id": "r", "status": "LOGGED_MODEL_READY"}
    metrics = [{"key": "acc", "value": 0.9}, {"key": "loss", "value": "Infinity"}]
    run = {
        "info": {"run_id": "r", "start_time": 5, "status": "FINISHED"},
        "data": {"metrics": metrics},
    }
    answers = {
        "/api/2.0/mlflow/logged-models/search": {"models": [{"info": logged}]},
        "/api/2.0/mlflow/runs/search": {"runs": [run]},
    }
    mlflow = api(lambda r: httpx.Response(200, json=answers[r.url.path]))

    assert mlflow.runs("1", "acc") == (
        TrainingRun(
            "r",
            {"acc": 0.9, "loss": float("inf")},
            "models:/m-1",
            5,
            status="FINISHED",
        ),
    )
    assert mlflow.runs("1", "f1") == ()


def test_a_version_is_created_with_its_tags_in_one_request():
    sent = {}

    def answer(request: httpx.Request) -> httpx.Response:
        sent.update(json.loads(request.content))
        made = {"name": "m", "version": "4", "status": "READY"}
        return httpx.Response(200, json={"model_version": made})

    version = api(answer).create_version("m", "models:/m-1", "r", {"k": "v"})

    assert version == ModelVersion("m", 4, "")
    assert sent["tags"] == [{"key": "k", "value": "v"}]
    assert sent["model_id"] == "m-1"


class Flaky:
    """Counts its calls; every other one fails."""

    def __init__(self) -> None:
        self.calls = 0

    def models(self) -> tuple[()]:
        self.calls += 1
        if self.calls % 2:
            message = "away"
            raise TransientError(message)
        return ()

    experiments = versions = models

    def runs(self, experiment_id: str, metric: str) -> tuple[()]:
        return self.models()


def test_a_failure_is_cached_until_cleared():
    mlflow = Flaky()
    reader = MlflowReader(mlflow)

    for _ in range(2):
        with pytest.raises(TransientError, match="away"):
            reader.models()
    assert mlflow.calls == 1

    reader.clear()

    assert reader.models() == ()
    assert reader.models() == ()
    assert mlflow.calls == 2


def test_a_finished_run_and_one_that_is_gone_are_read_once():
    class Runs:
        asked: list[frozenset[str]] = []  # noqa: RUF012 - of this test

        def runs_by_id(self, ids):
            self.asked.append(ids)
            runs = {
                "done": TrainingRun("done", {"acc": 1.0}, ""),
                "live": TrainingRun("live", {}, "", is_finished=False),
            }
            return {id_: runs[id_] for id_ in ids if id_ in runs}

    api = Runs()
    reader = MlflowReader(api)

    for _ in range(2):
        reader.clear()
        assert set(reader.runs_by_id({"done", "live", "gone"})) == {"done", "live"}

    assert api.asked == [{"done", "live", "gone"}, {"live"}]
