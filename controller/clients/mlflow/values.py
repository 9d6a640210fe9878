"""Conversion of MLflow's JSON to values of ``core.models``."""

from collections.abc import Mapping
from typing import Any

import yaml

from controller.core.models.lineage import (
    COMMIT_TAG,
    DATASET_HASH_TAG,
    DATASET_ID_TAG,
)
from controller.core.models.logged_models import (
    HISTORY_TAG,
    LoggedModel,
    source_in_history,
)
from controller.core.models.recent_versions import RecentVersion
from controller.core.models.registration import ModelVersion, TrainingRun
from controller.core.models.registry import Experiment, RegisteredModel
from controller.core.models.registry_webhooks import RegistryWebhook, WebhookContent
from controller.core.models.signature import (
    Signature,
    UnreadableSignature,
    signature_of,
)

# MLflow stores prompts as models and versions; the controller ignores them.
PROMPT_TAG = "mlflow.prompt.is_prompt"
READY = "LOGGED_MODEL_READY"
_USER_TAG = "mlflow.user"
_ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})


def experiment_of(answer: Mapping[str, Any]) -> Experiment:
    """Return the experiment that ``answer`` describes."""
    return Experiment(
        id=answer["experiment_id"],
        name=answer["name"],
        lifecycle_stage=answer.get("lifecycle_stage", "active"),
        artifact_location=answer.get("artifact_location", ""),
        tags=tags_of(answer),
        created_ms=int(answer.get("creation_time", 0)),
    )


def model_of(answer: Mapping[str, Any]) -> RegisteredModel:
    """Return the registered model that ``answer`` describes."""
    return RegisteredModel(
        name=answer["name"],
        description=answer.get("description", ""),
        tags=tags_of(answer),
        aliases={a["alias"]: int(a["version"]) for a in answer.get("aliases", ())},
        created_ms=int(answer.get("creation_timestamp", 0)),
    )


def version_of(answer: Mapping[str, Any]) -> ModelVersion:
    """Return the version that ``answer`` describes."""
    return ModelVersion(
        model=answer["name"],
        number=int(answer["version"]),
        source=answer.get("source", ""),
        run_id=answer.get("run_id", ""),
        status=answer.get("status", "READY"),
        created_ms=int(answer.get("creation_timestamp", 0)),
        tags=tags_of(answer),
    )


def recent_version_of(answer: Mapping[str, Any]) -> RecentVersion:
    """Return identity and times of the version that ``answer`` describes."""
    return RecentVersion(
        answer["name"],
        int(answer["version"]),
        int(answer.get("creation_timestamp", 0)),
        int(answer.get("last_updated_timestamp", 0)),
    )


def webhook_of(answer: Mapping[str, Any]) -> RegistryWebhook:
    """Return the webhook that ``answer`` describes."""
    events = (f"{e['entity']}.{e['action']}" for e in answer.get("events", ()))
    return RegistryWebhook(
        id=answer["webhook_id"],
        name=answer["name"],
        url=answer.get("url", ""),
        events=frozenset(events),
        description=answer.get("description", ""),
        active=answer.get("status", "ACTIVE") == "ACTIVE",
        created_ms=int(answer.get("creation_timestamp", 0)),
    )


def webhook_body(content: WebhookContent) -> dict[str, Any]:
    """Return ``content`` as MLflow expects it."""
    events = (event.split(".") for event in sorted(content.events))
    return {
        "url": content.url,
        "events": [{"entity": entity, "action": action} for entity, action in events],
        "secret": content.secret,
        "description": content.description,
        "status": "ACTIVE",
    }


def run_of(answer: Mapping[str, Any], sources: Mapping[str, str]) -> TrainingRun:
    """Return the run that ``answer`` describes; ``sources`` has model URIs by run."""
    info, data = answer["info"], answer.get("data", {})
    tags = tags_of(data)
    logged = sources.get(info["run_id"], "") or source_in_history(
        info["run_id"], tags.get(HISTORY_TAG, "")
    )
    dataset_id, dataset_hash = _dataset(answer, tags)
    return TrainingRun(
        id=info["run_id"],
        # MLflow writes NaN and Infinity as strings, which float() parses.
        metrics={m["key"]: float(m["value"]) for m in data.get("metrics", ())},
        source=logged,
        started_ms=int(info.get("start_time", 0)),
        is_finished=info.get("status") in _ENDED,
        status=info.get("status", ""),
        user=tags.get(_USER_TAG) or info.get("user_id", ""),
        dataset_id=dataset_id,
        dataset_hash=dataset_hash,
        code_version=tags.get(COMMIT_TAG, ""),
    )


def logged_model_of(answer: Mapping[str, Any]) -> LoggedModel:
    """Return the logged model that ``answer`` describes."""
    info = answer["info"]
    return LoggedModel(
        info["model_id"],
        info.get("source_run_id", ""),
        int(info.get("creation_timestamp_ms", 0)),
        info.get("status") == READY,
    )


def _dataset(answer: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[str, str]:
    """Return name and hash of the dataset: of the tags, else of the first input."""
    if tags.get(DATASET_ID_TAG) or tags.get(DATASET_HASH_TAG):
        return tags.get(DATASET_ID_TAG, ""), tags.get(DATASET_HASH_TAG, "")
    inputs = answer.get("inputs", {}).get("dataset_inputs", ())
    first = inputs[0].get("dataset", {}) if inputs else {}
    return first.get("name", ""), first.get("digest", "")


def signature_in(model_file: str) -> Signature:
    """Return the signature in an MLmodel file, which is YAML."""
    try:
        content = yaml.load(model_file, yaml.CSafeLoader)
    except yaml.YAMLError:
        return UnreadableSignature("its MLmodel file is not YAML")
    match content:
        case {"signature": {"inputs": str(inputs)}}:
            return signature_of(inputs)
        case dict():
            return UnreadableSignature("it was logged without a signature")
        case _:
            return UnreadableSignature("its MLmodel file is not a mapping")


def tags_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of ``answer`` by key."""
    return {tag["key"]: tag.get("value", "") for tag in answer.get("tags", ())}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return ``tags`` as the list of objects that MLflow expects."""
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]
