"""Tags of services and task definitions, including the controller's own.

Keys are persisted in ECS and never change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from controller.core.values.identity import (
    APPLIED_TAG,
    DEPLOYMENT_TAG,
    MANAGED_TAG,
)

# The service has a managed target group, which outlives its last route.
GROUP_TAG = "hokusai.ai/target-group"
DIGEST_TAG = "hokusai.ai/digest"
SECRETS_TAG = "hokusai.ai/secrets"
SET_ASIDE = "hokusai.ai/set-aside"
SET_ASIDE_BY = "hokusai.ai/set-aside-by"
RESTARTED = "hokusai.ai/restarted"
RESTARTED_BY = "hokusai.ai/restarted-by"
RESTARTED_AFTER = "hokusai.ai/restarted-after"
RETRIED = "hokusai.ai/retried"
RETRIED_BY = "hokusai.ai/retried-by"
_KEYS: Mapping[str, str] = {
    "applied": APPLIED_TAG,
    "deployment": DEPLOYMENT_TAG,
    "managed": MANAGED_TAG,
    "target_group": GROUP_TAG,
    "digest": DIGEST_TAG,
    "secrets": SECRETS_TAG,
    "set_aside": SET_ASIDE,
    "set_aside_by": SET_ASIDE_BY,
    "restarted": RESTARTED,
    "restarted_by": RESTARTED_BY,
    "restarted_after": RESTARTED_AFTER,
    "retried": RETRIED,
    "retried_by": RETRIED_BY,
}


@dataclass(frozen=True, slots=True)
class ServiceTags:
    """The controller's tags on a service; None for a tag that is absent.

    Attributes:
        applied: Generation that was applied last.
        deployment: Deployment that the controller requested last.
        managed: Words for the declared fields, separated by spaces.
        target_group: Target group of the service, which outlives its last route.
        digest: Image digests that the service was restarted for, and the deployment
            before that restart, separated by a slash.
        secrets: Likewise, a hash of the versions of its secrets.
        set_aside: Hash of the task definition that a rollback put on hold.
        set_aside_by: User and reason of that rollback.
        restarted: Time of the last requested restart, RFC 3339.
        restarted_by: User and reason of that restart.
        restarted_after: Deployment that precedes the restart.
        retried: Deployment whose failure no longer holds a rollout back.
        retried_by: User and reason of that retry.
    """

    applied: str | None = None
    deployment: str | None = None
    managed: str | None = None
    target_group: str | None = None
    digest: str | None = None
    secrets: str | None = None
    set_aside: str | None = None
    set_aside_by: str | None = None
    restarted: str | None = None
    restarted_by: str | None = None
    restarted_after: str | None = None
    retried: str | None = None
    retried_by: str | None = None

    @classmethod
    def of(cls, service: Mapping[str, Any]) -> Self:
        """Parse the tags of ``service`` from DescribeServices."""
        tags = tags_of(service)
        return cls(**{name: tags.get(key) for name, key in _KEYS.items()})

    def written(self) -> dict[str, str]:
        """Return the tags that are set, by key."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {_KEYS[name]: v for name, v in values.items() if v is not None}


def tags_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags in a response that describes a resource, by key."""
    return {tag["key"]: tag.get("value", "") for tag in answer.get("tags", ())}


def as_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return ``tags`` in the form of TagResource."""
    pairs: Iterable[tuple[str, str]] = sorted(tags.items())
    return [{"key": key, "value": value} for key, value in pairs]


def deployment_tag(service: Mapping[str, Any]) -> dict[str, str]:
    """Return the tag that records the controller's own deployment.

    The response of UpdateService names it reliably. A later read may lag, or contain a
    deployment that was started outside the controller.
    """
    for deployment in service.get("deployments", ()):
        if deployment["status"] == "PRIMARY":
            return {DEPLOYMENT_TAG: deployment["id"]}
    return {}


def carries(service: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    """Return True if ``service`` already has ``tags``."""
    have = tags_of(service)
    return tags.items() <= have.items()
