"""The message for Redis has the bytes that consumers of the queue parse."""

import json

from controller.core.models.measurement import Measurement, MetricBaseline
from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import model_registered
from controller.core.webhooks.redis_message import published_payload, redis_message

# As `json.dumps` wrote it in the publisher of the queue: the order of its dataclasses,
# default separators, escapes, and times without a zone.
ENVELOPE = (
    '{"message_id": "%s", "message_type": "model_ready_to_deploy", "payload": '
    '{"model_id": "lead-scoring", "token_symbol": "lead", "metric_name": "accuracy", '
    '"baseline_value": 0.5, "current_value": 0.75, "model_name": "Lead Scoring", '
    '"model_version": "7", "mlflow_run_id": "r1", "status": "registered", '
    '"proposal_identifier": "lead", "improvement_percentage": 50.0, '
    '"contributor_address": null, "experiment_name": null, "tags": {"owner": '
    '"J\\u00e9r\\u00f4me"}, "api_schema": null, "eval_spec": null, "scorer_ref": null, '
    '"primary_metric": null, "benchmark_spec_id": null, '
    '"timestamp": "2023-11-14T22:13:20.123000", "message_version": "1.0"}, '
    '"timestamp": "2023-11-14T22:13:20.123000", "retry_count": 0, "max_retries": 3}'
)
TAGS = {"hokusai_token_id": "lead", "owner": "Jérôme", "hokusai.ai/model-id": "x"}
MEASURED = Measurement(MetricBaseline("accuracy", 0.5), 0.75)
MODEL = {"hokusai.ai/model-id": "lead-scoring"}


def version(**fields):
    values = {"run_id": "r1", "created_ms": 1_700_000_000_123, "tags": TAGS}
    return ModelVersion("Lead Scoring", 7, "runs:/r1/model", **values | fields)


def message(measured=MEASURED, **fields):
    one = version(**fields)
    return redis_message(model_registered("mlflow", one, MODEL), one, MODEL, measured)


def test_the_envelope_has_the_bytes_of_the_earlier_publisher():
    tags = {k: v for k, v in TAGS.items() if k != "hokusai.ai/model-id"}

    found = message(tags=tags)

    assert found.body.decode() == ENVELOPE % found.id


def test_the_id_of_the_message_is_that_of_the_event():
    one = version()

    assert message().id == model_registered("mlflow", one, MODEL).id


def test_subscribers_receive_the_payload_without_the_envelope():
    envelope = message().body

    payload = published_payload(envelope)

    assert json.loads(payload) == json.loads(envelope)["payload"]
    assert payload in envelope


def test_a_version_without_a_run_and_own_tags_has_null_there():
    found = json.loads(message(run_id="", tags={"hokusai_token_id": "lead"}).body)

    assert found["payload"]["mlflow_run_id"] is None
    assert found["payload"]["tags"] is None


def test_a_baseline_of_zero_has_no_improvement():
    measured = Measurement(MetricBaseline("accuracy", 0.0), 0.75)

    payload = json.loads(message(measured).body)["payload"]

    assert payload["improvement_percentage"] is None


def test_what_consumers_refuse_makes_no_message():
    assert message(Measurement()) is None
    assert message(Measurement(MEASURED.benchmark)) is None
    assert message(tags={}) is None
