"""Requested retries of failed deployments, recorded as a tag of the service.

Users fix causes outside the document: they create the secret, push the image, grant the
role. The tag names the service deployment that is retried. That deployment and earlier
ones no longer hold a rollout back; later failures do. No store is needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile
from typing import Any

from controller.core.resources.plan import Change, Effect
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import ServiceTags

# Path of the change that starts a deployment when nothing else differs.
DEPLOYMENT = "deployment"

Answer = Mapping[str, Any]


def retry_hint(key: str) -> str:
    """Return the sentence that explains how a rejected revision is rolled out again.

    Args:
        key: Key of the service in the document.
    """
    return (
        "It is not rolled out again until the service changes or you run "
        f"`hokusai retry service/{key} --reason TEXT`."
    )


def id_of(arn: str) -> str:
    """Return the id at the end of the ARN of a service deployment or revision."""
    return arn.rpartition("/")[2]


def retried_deployments(
    service: Answer, history: Sequence[Answer] = ()
) -> frozenset[str]:
    """Return the ids of deployments whose failure no longer holds a rollout back.

    Args:
        service: Service from DescribeServices, with its tags.
        history: Its service deployments, the newest first.
    """
    last = ServiceTags.of(service).retried or ""
    ids = [id_of(deployment["serviceDeploymentArn"]) for deployment in history]
    before = dropwhile(lambda id_: id_ != last, ids)
    return frozenset({last, *before} if last else ())


def retry_changes(state: ServiceState) -> Iterator[Change]:
    """Yield the change that deploys a failed revision again, if a retry is requested.

    Without an earlier revision, ECS leaves the failed one deployed, so nothing else
    differs. The next deployment has another id, with any result.
    """
    primary = state.primary
    if primary is None or primary.rollout != "FAILED":
        return
    present = id_of(str(state.settings.get("currentServiceDeployment") or ""))
    if {present, id_of(primary.id)} & retried_deployments(state.settings):
        yield Change(DEPLOYMENT, "failed", "retried", Effect.RESTART)
