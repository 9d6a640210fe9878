"""Events about resources: degraded services, failed rollouts, moved aliases.

They follow from recorded conditions and outcomes. The id is derived from the resource,
the type, the generation and the recorded time of the transition, so that a repeated pass
makes no other event. A resource without an earlier status, as after the loss of the
store, makes none.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.core.resources.driver import Applied, Outcome
from controller.core.resources.plan import Action, Hold, Verb
from controller.core.values.identity import derived_uuid
from controller.core.webhooks.event import (
    EventType,
    ResourceEventType,
    VersionIdentity,
    WebhookEvent,
    rfc3339,
)

RESOURCE_EVENTS: tuple[EventType, ...] = get_args(ResourceEventType)
DEGRADED: ResourceEventType = "service.degraded"
DRIFT_DETECTED: ResourceEventType = "drift.detected"
RECOVERED: ResourceEventType = "service.recovered"
UNREACHABLE: ResourceEventType = "endpoint.unreachable"
ROLLOUT_FAILED: ResourceEventType = "rollout.failed"
RECONCILE_FAILED: ResourceEventType = "reconcile.failed"
PROMOTED: ResourceEventType = "model.promoted"
ROLLED_BACK: ResourceEventType = "model.rolled_back"
# Reasons of conditions.
_ROLLOUT_FAILED = "RolloutFailed"
_APPLY_FAILED = "ApplyFailed"
_ALIAS = "aliases."


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """A transition of a resource.

    Attributes:
        type: Type.
        resource: Resource.
        at: Recorded time of the transition.
        generation: Generation of the declaration.
        reason: CamelCase word for programs to match.
        message: Sentence for people.
        details: Values of this type of event.
    """

    type: ResourceEventType
    resource: ResourceId
    at: datetime
    generation: str
    reason: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LatestEvent:
    """The latest recorded event of some types about one resource."""

    type: str
    generation: str


def status_events(
    id_: ResourceId,
    before: Conditions,
    after: Conditions,
    latest: Mapping[str, LatestEvent],
) -> Iterator[ResourceEvent]:
    """Yield the events of the transition of one resource.

    Args:
        id_: Resource.
        before: Conditions of the previous pass; empty if there was none.
        after: Conditions of this pass.
        latest: The latest recorded event about the resource by `topic_of`.
    """
    if not before:
        return
    yield from _health_events(id_, before, after, latest.get(DEGRADED))
    if _rollout_failed(after) and not _rollout_failed(before):
        found = latest.get(ROLLOUT_FAILED)
        if not (_is_unknown(before) and _is_about(found, after)):
            yield _event(ROLLOUT_FAILED, id_, after, ConditionType.HEALTHY)
    if _apply_failed(after) and not _apply_failed(before):
        found = latest.get(RECONCILE_FAILED)
        if not (_is_unknown(before) and _is_about(found, after)):
            yield _event(RECONCILE_FAILED, id_, after, ConditionType.SYNCED)


def action_events(
    action: Action, outcome: Outcome, at: datetime
) -> Iterator[ResourceEvent]:
    """Yield the events of an action that was carried out.

    An alias of a version that the action itself registered is not part of the plan: it
    is among the further changes of the outcome.
    """
    if action.target.kind != "model" or not isinstance(outcome, Applied):
        return
    if action.verb is Verb.ROLL_BACK and action.request is not None:
        alias, _, number = action.request.wanted.rpartition(":")
        details = {"alias": alias, "version": number, "by": action.request.by}
        message = f"Alias {alias} was rolled back to version {number}."
        reason = action.reason.value
        yield ResourceEvent(
            ROLLED_BACK, action.target, at, action.generation, reason, message, details
        )
        return
    for change in (*action.changes, *outcome.further):
        alias = change.path.removeprefix(_ALIAS)
        if alias == change.path or change.after is None:
            continue
        details = {"alias": alias, "version": str(change.after)}
        if change.before is not None:
            details["previous_version"] = str(change.before)
        message = f"Alias {alias} was moved to version {change.after}."
        yield ResourceEvent(
            PROMOTED,
            action.target,
            at,
            action.generation,
            action.reason.value,
            message,
            details,
        )


def alias_moves(action: Action, outcome: Outcome) -> dict[str, str]:
    """Return the version numbers of the aliases that a completed action moved."""
    if action.target.kind != "model" or not isinstance(outcome, Applied):
        return {}
    return {
        change.path.removeprefix(_ALIAS): str(change.after)
        for change in (*action.changes, *outcome.further)
        if change.path.startswith(_ALIAS) and change.after is not None
    }


def topic_of(type_: str) -> str:
    """Return the type under which the latest event of ``type_`` is looked up."""
    return DEGRADED if type_ == RECOVERED else type_


def webhook_event(owner: str, event: ResourceEvent) -> WebhookEvent:
    """Return ``event`` of the platform ``owner`` with its payload."""
    moment = int(event.at.timestamp() * 1000)
    details = {key: str(value) for key, value in sorted(event.details.items())}
    id_ = str(
        derived_uuid(
            owner,
            str(event.resource),
            event.type,
            event.generation,
            str(moment),
            *(f"{key}={value}" for key, value in details.items() if key != "by"),
        )
    )
    payload = {
        "event_type": event.type,
        "schema_version": "1",
        "idempotency_key": id_,
        "timestamp": rfc3339(moment),
        "platform": owner,
        "resource": str(event.resource),
        "kind": event.resource.kind,
        "name": event.resource.name,
        "generation": event.generation,
        "reason": event.reason,
        "message": event.message,
        "details": details,
    }
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    identity = VersionIdentity(owner, str(event.resource), 0, moment)
    return WebhookEvent(id_, event.type, identity, body)


def _health_events(
    id_: ResourceId,
    before: Conditions,
    after: Conditions,
    latest: LatestEvent | None,
) -> Iterator[ResourceEvent]:
    if id_.kind == "endpoint":
        if _level(after) == "degraded" and _level(before) == "healthy":
            yield _event(UNREACHABLE, id_, after, ConditionType.HEALTHY)
        return
    if id_.kind != "service":
        return
    was_degraded = latest is not None and latest.type == DEGRADED
    match _level(before), _level(after):
        case "degraded", "healthy":
            yield _event(RECOVERED, id_, after, ConditionType.HEALTHY)
        case "", "healthy" if was_degraded:
            yield _event(RECOVERED, id_, after, ConditionType.HEALTHY)
        case "healthy", "degraded":
            yield _event(DEGRADED, id_, after, ConditionType.HEALTHY)
        case "", "degraded" if not was_degraded:
            yield _event(DEGRADED, id_, after, ConditionType.HEALTHY)


def _level(conditions: Conditions) -> str:
    """Return ``healthy`` or ``degraded``; empty while it is unknown or changes."""
    healthy = conditions[ConditionType.HEALTHY].status
    if healthy is Truth.TRUE:
        return "healthy"
    is_changing = conditions[ConditionType.RECONCILING].status is Truth.TRUE
    return "degraded" if healthy is Truth.FALSE and not is_changing else ""


def _rollout_failed(conditions: Conditions) -> bool:
    stalled = conditions[ConditionType.STALLED]
    return (
        conditions[ConditionType.HEALTHY].reason == _ROLLOUT_FAILED
        or stalled.reason == Hold.REVISION_REJECTED
    )


def _apply_failed(conditions: Conditions) -> bool:
    return conditions[ConditionType.SYNCED].reason == _APPLY_FAILED


def _is_unknown(conditions: Conditions) -> bool:
    return Truth.UNKNOWN in {
        conditions[ConditionType.HEALTHY].status,
        conditions[ConditionType.SYNCED].status,
    }


def _is_about(latest: LatestEvent | None, conditions: Conditions) -> bool:
    generation = conditions[ConditionType.SYNCED].observed_generation
    return latest is not None and latest.generation == generation


def _event(
    type_: ResourceEventType,
    id_: ResourceId,
    conditions: Conditions,
    about: ConditionType,
) -> ResourceEvent:
    found = conditions[about]
    return ResourceEvent(
        type_,
        id_,
        found.last_transition,
        found.observed_generation,
        found.reason,
        found.message,
    )
