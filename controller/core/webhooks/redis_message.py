"""Message about a registered model in the queue that precedes the webhooks.

Consumers parse the envelope and the payload with all of these fields and no others,
and times without a time zone. Both are written as they expect: the order of the fields,
the separators, and ASCII with escapes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from controller.core.models.measurement import Measurement
from controller.core.models.model_id import current_id
from controller.core.models.registration import TOKEN_TAG, ModelVersion
from controller.core.webhooks.event import REDIS_PROFILE, WebhookEvent, own_tags

QUEUE = "hokusai:model_ready_queue"
CHANNEL = f"{QUEUE}:pubsub"
MESSAGE_TYPE = "model_ready_to_deploy"
_MAX_RETRIES = 3
_MESSAGE_VERSION = "1.0"


def redis_message(
    event: WebhookEvent,
    version: ModelVersion,
    model_tags: Mapping[str, str],
    measured: Measurement,
) -> WebhookEvent | None:
    """Return ``event`` with the envelope as its body.

    None if the version lacks a token, a benchmark or a measured value: consumers refuse
    such a message.

    Args:
        event: Event about the version; the envelope has its id.
        version: Registered version.
        model_tags: Tags of its registered model.
        measured: Benchmark and measured value of the version.
    """
    tags = {**model_tags, **version.tags}
    token, benchmark = tags.get(TOKEN_TAG, ""), measured.benchmark
    if not token or benchmark is None or measured.value is None:
        return None
    baseline, value = benchmark.baseline, measured.value
    timestamp = _naive(version.created_ms)
    payload = {
        "model_id": current_id(version.model, tags),
        "token_symbol": token,
        "metric_name": benchmark.metric,
        "baseline_value": baseline,
        "current_value": value,
        "model_name": version.model,
        "model_version": str(version.number),
        "mlflow_run_id": version.run_id or None,
        "status": "registered",
        "proposal_identifier": token,
        "improvement_percentage": (
            (value - baseline) / baseline * 100 if baseline > 0 else None
        ),
        "contributor_address": None,
        "experiment_name": None,
        "tags": own_tags(version) or None,
        "api_schema": None,
        "eval_spec": None,
        "scorer_ref": None,
        "primary_metric": None,
        "benchmark_spec_id": None,
        "timestamp": timestamp,
        "message_version": _MESSAGE_VERSION,
    }
    envelope = {
        "message_id": event.id,
        "message_type": MESSAGE_TYPE,
        "payload": payload,
        "timestamp": timestamp,
        "retry_count": 0,
        "max_retries": _MAX_RETRIES,
    }
    body = json.dumps(envelope).encode()
    return WebhookEvent(event.id, event.type, event.identity, body, REDIS_PROFILE)


def published_payload(envelope: bytes) -> bytes:
    """Return the payload in ``envelope``, as subscribers of the channel receive it."""
    return json.dumps(json.loads(envelope)["payload"]).encode()


def _naive(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.replace(tzinfo=None).isoformat()
