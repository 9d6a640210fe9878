"""Payload profiles: the same event in the formats of different receivers.

Each body is derived from the body of the default profile, ``hokusai-v1``, and serialised
once; see ``schemas/webhooks``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args
from urllib.parse import quote

from controller.core.webhooks.event import (
    DEFAULT_PROFILE,
    MODEL_REGISTERED,
    EventType,
    Profile,
    ProfileBody,
    ResourceEventType,
    WebhookEvent,
    serialised,
)

CLOUDEVENTS_TYPE = "application/cloudevents+json; charset=utf-8"
_JSON_TYPE = "application/json"
_ALL_EVENTS: frozenset[EventType] = frozenset(
    [MODEL_REGISTERED, *get_args(ResourceEventType)]
)
# Events that a profile has a format for. The site refuses every other event.
PROFILE_EVENTS: Mapping[str, frozenset[EventType]] = {
    "hokusai-v1": _ALL_EVENTS,
    "hokusai-site": frozenset([MODEL_REGISTERED]),
    "cloudevents": _ALL_EVENTS,
    "slack": _ALL_EVENTS,
}
# Predicates of the sentences for Slack.
_PREDICATES: Mapping[EventType, str] = {
    "drift.detected": "differs from its declaration",
    "endpoint.unreachable": "is unreachable",
    "model.promoted": "was promoted",
    "model.rolled_back": "was rolled back",
    "reconcile.failed": "could not be changed",
    "rollout.failed": "has a failed rollout",
    "service.degraded": "is degraded",
    "service.recovered": "has recovered",
}
# Slack recommends at most 4,000 characters:
# https://docs.slack.dev/changelog/2018-truncating-really-long-messages
_LONGEST_MESSAGE = 3_000
_STATUS_TAG = "hokusai_status"
# Fields of the model in `hokusai-site`, and the tags of the version that hold them.
_SITE_TAGS = {
    "eval_spec": "hokusai.eval_spec",
    "scorer_ref": "hokusai.scorer_ref",
    "primary_metric": "hokusai.primary_metric",
    "benchmark_spec_id": "hokusai.benchmark_spec_id",
}


def content_type(profile: str) -> str:
    """Return the media type of the bodies of ``profile``."""
    return CLOUDEVENTS_TYPE if profile == "cloudevents" else _JSON_TYPE


def with_profiles(
    event: WebhookEvent, profile: Profile, all_: Iterable[Profile]
) -> WebhookEvent:
    """Return ``event`` for a target with ``profile``, with the bodies of ``all_``.

    A receiver that is added later gets the body of the same moment. Profiles that have
    no format for the event are left out.
    """
    names = sorted(
        name
        for name in {profile, *all_} - {DEFAULT_PROFILE}
        if event.type in PROFILE_EVENTS[name]
    )
    bodies = tuple(ProfileBody(name, profile_body(event, name)) for name in names)
    return replace(event, profile=profile, bodies=bodies)


def profile_body(event: WebhookEvent, profile: Profile) -> bytes:
    """Return the body of ``event`` in ``profile``; equal for equal events."""
    payload = json.loads(event.body)
    match profile:
        case "hokusai-v1":
            return event.body
        case "hokusai-site":
            return serialised(_site(event, payload))
        case "cloudevents":
            return serialised(_cloud_event(event, payload))
        case "slack":
            is_model = event.type == MODEL_REGISTERED
            sentence = _registration_text if is_model else _resource_text
            return serialised({"text": sentence(payload)})


def _site(event: WebhookEvent, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload of the Hokusai site.

    The site reads events with ``token_id`` at the top level by an older format. Its id
    of an event is in the headers only.
    """
    metadata = payload["metadata"]
    tags = metadata["tags"]
    token = payload["token_symbol"].lower()
    model = {
        "id": token or payload["model_id"],
        "name": metadata["model_name"],
        "status": tags.get(_STATUS_TAG, "registered").lower(),
        "version": payload["registered_version"],
        "run_id": metadata["mlflow_run_id"],
        **{field: tags.get(tag, "") for field, tag in _SITE_TAGS.items()},
    }
    return {
        "event_type": event.type.replace(".", "_"),
        "model": {"id": model.pop("id")} | {k: v for k, v in model.items() if v},
        "timestamp": payload["timestamp"],
        "source": "mlflow",
    }


def _cloud_event(event: WebhookEvent, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event in structured mode of CloudEvents 1.0.

    ``source`` and ``id`` together are unique. The type contains the major version of
    the data.
    """
    identity, version = event.identity, payload["schema_version"]
    subject = f"{identity.model}/{identity.number}"
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/{quote(identity.registry)}",
        "type": f"ai.hokusai.{event.type}.v{version}",
        "subject": payload.get("resource", subject),
        "time": payload["timestamp"],
        "datacontenttype": _JSON_TYPE,
        "dataschema": (
            f"https://hokus.ai/schemas/webhooks/{event.type}.v{version}.schema.json"
        ),
        "data": payload,
    }


def _registration_text(payload: Mapping[str, Any]) -> str:
    """Return a message about a model version in Slack's markup."""
    name = _slack_escaped(payload["metadata"]["model_name"])
    version = payload["registered_version"]
    token = _slack_escaped(payload["token_symbol"])
    baselines = ", ".join(
        f"{_slack_escaped(metric)} {value:g}"
        for metric, value in sorted(payload["baseline_metrics"].items())
    )
    details = [f"token {token}"] if token else []
    details += [f"baseline {baselines}"] if baselines else []
    suffix = f" ({'; '.join(details)})" if details else ""
    return f"Model *{name}* version {version} was registered{suffix}."


def _resource_text(payload: Mapping[str, Any]) -> str:
    """Return a message about a resource in Slack's markup."""
    message = (payload["message"] or payload["reason"]).rstrip(". ")
    end = "."
    if len(message) > _LONGEST_MESSAGE:
        message, end = message[:_LONGEST_MESSAGE], "…"
    resource, platform = payload["resource"], payload["platform"]
    predicate = _PREDICATES[payload["event_type"]]
    return (
        f"*{_slack_escaped(resource)}* {predicate}: {_slack_escaped(message)}{end}"
        f" ({_slack_escaped(platform)})"
    )


def _slack_escaped(text: str) -> str:
    """Return ``text`` without control characters of Slack's markup.

    See https://docs.slack.dev/messaging/formatting-message-text#escaping.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
