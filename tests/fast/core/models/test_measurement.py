"""One meaning of baseline and measured value, whoever registered the version."""

import json

import pytest

from controller.core.models.measurement import Measurement, MetricBaseline, measurement
from controller.core.models.registration import (
    BASELINE_TAG,
    METRIC_TAG,
    MODEL_ID_TAG,
    REGISTRATION_TAG,
    TOKEN_TAG,
    VALUE_TAG,
    ModelVersion,
    TrainingRun,
)
from controller.core.webhooks.event import model_registered

ACCURACY = MetricBaseline("accuracy", 0.65)
F1 = {METRIC_TAG: "f1", BASELINE_TAG: "0.5"}
AUC = {METRIC_TAG: "auc", BASELINE_TAG: "0.7"}
RUN = TrainingRun("r1", {"accuracy": 0.9, "f1": 0.4}, "models:/m-1")


def version(**tags: str) -> ModelVersion:
    named = {"run": REGISTRATION_TAG, "id": MODEL_ID_TAG, "token": TOKEN_TAG}
    tags = {named.get(key, key): value for key, value in tags.items()}
    return ModelVersion("leads", 1, "models:/m-1", "r1", created_ms=1, tags=tags)


@pytest.mark.parametrize(
    ("tags", "model_tags", "declared", "run", "expected"),
    [
        pytest.param({}, {}, ACCURACY, RUN, (ACCURACY, 0.9), id="document and run"),
        pytest.param(F1, AUC, ACCURACY, RUN, (ACCURACY, 0.9), id="document first"),
        pytest.param(
            F1, AUC, None, RUN, (MetricBaseline("f1", 0.5), 0.4), id="then version"
        ),
        pytest.param(
            {}, AUC, None, RUN, (MetricBaseline("auc", 0.7), None), id="then model"
        ),
        pytest.param(
            {VALUE_TAG: "0.8"},
            {},
            ACCURACY,
            None,
            (ACCURACY, 0.8),
            id="value in the tag",
        ),
        pytest.param(
            {VALUE_TAG: "0.8"},
            {},
            ACCURACY,
            RUN,
            (ACCURACY, 0.9),
            id="the run is first",
        ),
        pytest.param({METRIC_TAG: "f1"}, {}, None, RUN, (None, None), id="half a pair"),
        pytest.param(
            {**F1, BASELINE_TAG: "inf"}, {}, None, RUN, (None, None), id="inf"
        ),
        pytest.param(
            {VALUE_TAG: "nan"}, {}, ACCURACY, None, (ACCURACY, None), id="nan"
        ),
        pytest.param({}, {}, None, RUN, (None, None), id="neither"),
    ],
)
def test_the_benchmark_and_the_value_have_an_order(
    tags, model_tags, declared, run, expected
):
    found = measurement(version(**tags), model_tags, declared, run)

    assert found == Measurement(*expected)


@pytest.mark.parametrize(
    ("mode", "value", "passes"),
    [("max", 0.65, True), ("max", 0.6, False), ("min", 0.6, True), ("min", 0.7, False)],
)
def test_a_version_passes_if_it_is_as_good_as_the_baseline(mode, value, passes):
    assert Measurement(MetricBaseline("loss", 0.65, mode), value).passes is passes


def test_without_a_baseline_or_a_value_nothing_passes():
    assert not Measurement().passes
    assert not Measurement(ACCURACY).passes


MODEL_TAGS = {MODEL_ID_TAG: "leads", TOKEN_TAG: "LSCOR"}
ORIGINS = {
    "selected": version(
        run="v1:a",
        id="leads",
        token="LSCOR",
        **{METRIC_TAG: "accuracy", BASELINE_TAG: "0.65", VALUE_TAG: "0.9"},
    ),
    "by run": version(run="v1:b", id="leads", token="LSCOR"),
    "by URI": version(run="v1:c", **{"hokusai.ai/announced.audit": "1"}),
    "by another program": version(),
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_event_is_equal_for_every_origin(origin):
    body = model_registered("mlflow", ORIGINS[origin], MODEL_TAGS, ACCURACY).body

    expected = model_registered("mlflow", ORIGINS["selected"], MODEL_TAGS, ACCURACY)
    assert body == expected.body
    assert json.loads(body)["baseline_metrics"] == {"accuracy": 0.65}
