"""Tags of services and task definitions, as ECS gives and takes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from controller.core.values.identity import DEPLOYMENT_TAG


def tags_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags in what describes a thing, by key."""
    return {tag["key"]: tag.get("value", "") for tag in answer.get("tags", ())}


def as_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return ``tags`` as TagResource takes them."""
    pairs: Iterable[tuple[str, str]] = sorted(tags.items())
    return [{"key": key, "value": value} for key, value in pairs]


def deployment_tag(service: Mapping[str, Any]) -> dict[str, str]:
    """Return the tag that says which deployment is ours.

    The answer to UpdateService says it for sure; what is read later may lag, or
    show a deployment that somebody else began meanwhile.
    """
    for deployment in service.get("deployments", ()):
        if deployment["status"] == "PRIMARY":
            return {DEPLOYMENT_TAG: deployment["id"]}
    return {}


def carries(service: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    """Whether ``service`` carries ``tags`` already."""
    have = tags_of(service)
    return tags.items() <= have.items()
