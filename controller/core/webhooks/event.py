"""Webhook events: versions to announce, and their payloads.

The observed state of a webhook target is the set of announced versions; the difference
to the versions that it subscribes to is still to be announced.
"""

import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from controller.core.models.measurement import MetricBaseline, baseline_metrics
from controller.core.models.model_id import current_id
from controller.core.models.registration import (
    BASELINE_TAG,
    METRIC_TAG,
    TOKEN_TAG,
    ModelVersion,
    ready_originals,
)
from controller.core.values.identity import derived_uuid

ResourceEventType = Literal[
    "drift.detected",
    "endpoint.unreachable",
    "model.promoted",
    "model.rolled_back",
    "reconcile.failed",
    "rollout.failed",
    "service.degraded",
    "service.recovered",
]
EventType = Literal["model.registered"] | ResourceEventType
MODEL_REGISTERED: EventType = "model.registered"
Profile = Literal["hokusai-v1", "hokusai-site", "cloudevents", "slack"]
# Format of the messages for Redis, which no target declares.
REDIS_PROFILE = "hokusai-redis-v1"
DEFAULT_PROFILE: Profile = "hokusai-v1"
# Tags of the platform: they have fields of their own, or change after the announcement.
_PLATFORM_TAGS = frozenset({TOKEN_TAG, METRIC_TAG, BASELINE_TAG})
_PLATFORM_PREFIX = "hokusai.ai/"


@dataclass(frozen=True, slots=True, order=True)
class VersionIdentity:
    """Identity of a model version.

    The creation time is part of it: numbers restart at 1 after a registered model was
    deleted and created again.
    """

    registry: str
    model: str
    number: int
    created_ms: int


@dataclass(frozen=True, slots=True)
class ProfileBody:
    """Serialised payload of an event in one payload profile.

    Attributes:
        profile: Profile, or that of one target; see `body_expression`.
        body: Bytes.
    """

    profile: str
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """An event with its serialised payload.

    Attributes:
        id: UUIDv5 of the version's identity and the event type.
        type: Type of the event.
        identity: Identity of the version.
        body: Payload in the default profile, serialised once.
        profile: Payload profile of the target that it is announced to.
        bodies: Payloads in other profiles; the bytes of a profile are signed and sent.
    """

    id: str
    type: EventType
    identity: VersionIdentity
    body: bytes
    profile: str = DEFAULT_PROFILE
    bodies: tuple[ProfileBody, ...] = ()


def identity_of(registry: str, version: ModelVersion) -> VersionIdentity:
    """Return the identity of ``version`` in ``registry``."""
    return VersionIdentity(registry, version.model, version.number, version.created_ms)


def event_id(identity: VersionIdentity, type_: EventType) -> str:
    """Return the id of the event, equal for every target, sink and repetition."""
    return str(
        derived_uuid(
            identity.registry,
            identity.model,
            str(identity.number),
            str(identity.created_ms),
            type_,
        )
    )


def unannounced(
    registry: str,
    versions: Iterable[ModelVersion],
    announced: AbstractSet[VersionIdentity],
    baseline: datetime | None,
) -> tuple[ModelVersion, ...]:
    """Return the versions that are still to be announced to a target, oldest first.

    Args:
        registry: MLflow server of the versions.
        versions: All observed versions.
        announced: Identities already announced to the target.
        baseline: Earliest creation time of a version to announce; None for all.
    """
    missing = [
        version
        for version in since_baseline(ready_originals(versions), baseline)
        if identity_of(registry, version) not in announced
    ]
    return tuple(sorted(missing, key=lambda v: (v.created_ms, v.model, v.number)))


def since_baseline(
    versions: Iterable[ModelVersion], baseline: datetime | None
) -> tuple[ModelVersion, ...]:
    """Return the versions created at ``baseline`` or later; all if it is None."""
    since = None if baseline is None else int(baseline.timestamp() * 1000)
    return tuple(v for v in versions if since is None or v.created_ms >= since)


def model_registered(
    registry: str,
    version: ModelVersion,
    model_tags: Mapping[str, str],
    declared: MetricBaseline | None = None,
) -> WebhookEvent:
    """Return the event for ``version`` with the payload profile ``hokusai-v1``.

    Equal for equal models, whether a selection, a source in the document or another
    program registered the version.

    Args:
        registry: MLflow server of the version.
        version: Version.
        model_tags: Tags of its registered model.
        declared: MetricBaseline of the model in the document; None if there is none.
    """
    identity = identity_of(registry, version)
    id_ = event_id(identity, MODEL_REGISTERED)
    tags = {**model_tags, **version.tags}
    payload = {
        "model_id": current_id(version.model, tags),
        "idempotency_key": id_,
        "registered_version": str(version.number),
        "timestamp": rfc3339(version.created_ms),
        "token_symbol": tags.get(TOKEN_TAG, ""),
        "baseline_metrics": baseline_metrics(version, model_tags, declared),
        "metadata": {
            "model_name": version.model,
            "mlflow_run_id": version.run_id,
            "tags": own_tags(version),
        },
        "event_type": MODEL_REGISTERED,
        "schema_version": "1",
    }
    return WebhookEvent(id_, MODEL_REGISTERED, identity, serialised(payload))


def serialised(payload: Mapping[str, Any]) -> bytes:
    """Return ``payload`` as compact JSON in UTF-8."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def rfc3339(milliseconds: int) -> str:
    """Return a time since the epoch in UTC, with milliseconds and ``Z`` (RFC 3339)."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def own_tags(version: ModelVersion) -> dict[str, str]:
    """Return the tags of a version without those of the platform."""
    return {
        key: value
        for key, value in sorted(version.tags.items())
        if key not in _PLATFORM_TAGS and not key.startswith(_PLATFORM_PREFIX)
    }
