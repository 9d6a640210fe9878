"""Metadata of a version has the same keys for every registering client."""

import json

import pytest

from controller.core.models.lineage import (
    BASELINE_ID_TAG,
    CONTRIBUTOR_TAG,
    METRICS_TAG,
    numbers_in,
)
from controller.core.models.measurement import MetricBaseline
from controller.core.models.metadata import metadata_of
from controller.core.models.registration import (
    BASELINE_TAG,
    METRIC_TAG,
    MODEL_ID_TAG,
    TOKEN_TAG,
    VALUE_TAG,
    ModelVersion,
    TrainingRun,
)
from controller.core.models.registry import RegisteredModel

MODEL = RegisteredModel("Leads", tags={MODEL_ID_TAG: "27", TOKEN_TAG: "LEADS"})
RUN = TrainingRun(
    "r1",
    {"accuracy": 0.7, "loss": float("nan")},
    "",
    dataset_id="leads.csv",
    dataset_hash="sha256:1",
    code_version="c0ffee",
)
DECLARED = MetricBaseline("accuracy", 0.65)


def version(**tags):
    return ModelVersion("Leads", 3, "runs:/r1/model", "r1", created_ms=5, tags=tags)


def test_a_version_has_the_lineage_of_its_run_and_its_tags():
    tags = {BASELINE_ID_TAG: "Leads/1", CONTRIBUTOR_TAG: "0xabc"}

    found = metadata_of(MODEL, version(**tags), RUN, DECLARED)

    assert found.key == ("Leads", 3, 5)
    assert (found.model_id, found.token_symbol) == ("27", "LEADS")
    assert found.baseline_metrics == {"accuracy": 0.65}
    assert found.metrics == {"accuracy": 0.7}
    assert found.dataset == {"id": "leads.csv", "hash": "sha256:1"}
    assert found.code_version == "c0ffee"
    assert (found.parent_version, found.contributor) == ("Leads/1", "0xabc")
    assert (found.source, found.run_id, found.status) == (
        "runs:/r1/model",
        "r1",
        "READY",
    )


def test_a_version_without_a_run_has_the_values_of_its_tags():
    tags = {
        METRIC_TAG: "accuracy",
        BASELINE_TAG: "0.6",
        VALUE_TAG: "0.61",
        METRICS_TAG: json.dumps({"f1": 0.5, "note": "x"}),
        TOKEN_TAG: "OTHER",
    }

    found = metadata_of(MODEL, version(**tags), None, None)

    assert found.baseline_metrics == {"accuracy": 0.6}
    assert found.metrics == {"accuracy": 0.61, "f1": 0.5}
    assert found.token_symbol == "OTHER"
    assert (found.dataset, found.code_version) == ({}, "")


@pytest.mark.parametrize("text", [None, "", "[1]", "{", '{"a": "1", "b": NaN}'])
def test_a_malformed_tag_has_no_numbers(text):
    assert numbers_in(text) == {}


def test_equal_records_have_equal_hashes_and_others_do_not():
    one = metadata_of(MODEL, version(), RUN, DECLARED)
    again = metadata_of(MODEL, version(), RUN, DECLARED)
    other = metadata_of(MODEL, version(), RUN, None)

    assert one.hash == again.hash
    assert one.hash != other.hash
