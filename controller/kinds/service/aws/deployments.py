"""Service deployments and the revisions that ECS rejected; ECS keeps them 90 days."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import TransientError
from controller.core.values.batches import batched
from controller.core.values.identity import content_hash
from controller.kinds.service.state.retry_requests import (
    id_of,
    retried_deployments,
    retry_hint,
)
from controller.kinds.service.state.service import Rejection, ServiceDeployment

# Maximum of DescribeServiceRevisions and DescribeServiceDeployments; API reference.
MOST_AT_ONCE = 20

_FAILED = frozenset({"ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_IN_PROGRESS = frozenset({"PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED"})
_ENDED = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
Answer = Mapping[str, Any]
# Returns the canonical form of a revision.
Definitions = Callable[[str], dict[str, Any]]


class ServiceDeployments:
    """Reads of service deployments. Ended ones never change and are kept."""

    def __init__(self, aws: Aws, definition: Definitions) -> None:
        self._aws = aws
        self._definition = definition
        self._ended: dict[str, ServiceDeployment] = {}

    def of(self, arns: Sequence[str]) -> dict[str, ServiceDeployment]:
        """Return these service deployments; ceil(n/20) calls for those in progress."""
        wanted = [arn for arn in dict.fromkeys(arns) if arn not in self._ended]
        found: dict[str, ServiceDeployment] = {}
        for batch in batched(wanted, MOST_AT_ONCE):
            answer = self._aws.call(
                "ecs", "DescribeServiceDeployments", serviceDeploymentArns=batch
            )
            for deployment in answer["serviceDeployments"]:
                one = _service_deployment(deployment)
                found[one.arn] = one
                if one.status in _ENDED:
                    self._ended[one.arn] = one
        return found | {arn: self._ended[arn] for arn in arns if arn in self._ended}

    def rejections(
        self, key: str, service: Answer, problem: str
    ) -> tuple[Rejection, ...]:
        """Return the task definitions whose latest rollout failed.

        Raises TransientError while the history is older than the state of the service.

        Args:
            key: Key of the service in the document.
            service: Service from DescribeServices, with its tags.
            problem: Reason why its tasks stop; empty if unknown.
        """
        history = self._deployments(service)
        _refuse_lagging(service, history)
        deployed = self._deployed_failures(key, service, history, problem)
        if not any(d["status"] in _FAILED for d in history):
            return tuple(deployed)
        revisions = self._revisions([d["targetServiceRevisionArn"] for d in history])
        retried = retried_deployments(service, history)
        newest: dict[str, Rejection | None] = {}
        for deployment in history:
            arn = revisions.get(deployment["targetServiceRevisionArn"])
            if arn is None:
                continue
            content = content_hash(self._definition(arn))
            id_ = id_of(deployment["serviceDeploymentArn"])
            failed = deployment["status"] in _FAILED and id_ not in retried
            message = _rejection_message(key, arn, deployment, problem)
            rejection = Rejection(content, message, id_) if failed else None
            newest.setdefault(content, rejection)
        rejected = (rejection for rejection in newest.values() if rejection)
        return (*rejected, *deployed)

    def _deployments(self, service: Answer) -> list[Answer]:
        """Return the newest deployments of the service, the newest first."""
        answer = self._aws.call(
            "ecs",
            "ListServiceDeployments",
            cluster=service["clusterArn"],
            service=service["serviceArn"],
            maxResults=MOST_AT_ONCE,
        )
        deployments: list[Answer] = answer["serviceDeployments"]
        return sorted(deployments, key=lambda d: str(d.get("createdAt")), reverse=True)

    def _deployed_failures(
        self, key: str, service: Answer, history: Sequence[Answer], problem: str
    ) -> Iterator[Rejection]:
        """Yield failed task definitions that are still deployed.

        ECS leaves them if there is no earlier revision to roll back to.
        """
        retried = retried_deployments(service, history)
        targets = {
            id_of(d["targetServiceRevisionArn"]): id_of(d["serviceDeploymentArn"])
            for d in reversed(history)
        }
        for deployment in service["deployments"]:
            mine = id_of(deployment["id"])
            id_ = targets.get(mine, mine)
            if deployment.get("rolloutState") == "FAILED" and id_ not in retried:
                arn = deployment["taskDefinition"]
                message = _rejection_message(key, arn, deployment, problem)
                yield Rejection(content_hash(self._definition(arn)), message, id_)

    def _revisions(self, arns: Sequence[str]) -> dict[str, str]:
        """Return the task definition of each service revision."""
        if not arns:
            return {}
        answer = self._aws.call(
            "ecs", "DescribeServiceRevisions", serviceRevisionArns=arns[:MOST_AT_ONCE]
        )
        return {
            revision["serviceRevisionArn"]: revision["taskDefinition"]
            for revision in answer["serviceRevisions"]
        }


def _refuse_lagging(service: Answer, history: Sequence[Answer]) -> None:
    """Raise TransientError if ``history`` is older than ``service``.

    ECS's reads are eventually consistent, each on its own. With a history that lacks a
    rollback, the rejected revision would be rolled out again.
    """
    current = service.get("currentServiceDeployment")
    known = {d["serviceDeploymentArn"]: d["status"] for d in history}
    settled = all(
        d.get("rolloutState") != "IN_PROGRESS" for d in service["deployments"]
    )
    if current is None:
        return
    if current not in known or (settled and known[current] in _IN_PROGRESS):
        msg = (
            f"the deployment history of {service['serviceName']} from ECS is older than "
            "its current state; the next pass reads it again"
        )
        raise TransientError(msg)


def _service_deployment(answer: Answer) -> ServiceDeployment:
    breaker = answer.get("deploymentCircuitBreaker", {})
    target = answer.get("targetServiceRevision", {}).get("arn", "")
    return ServiceDeployment(
        arn=answer["serviceDeploymentArn"],
        status=answer["status"],
        target=f"ecs-svc/{target.rpartition('/')[2]}",
        reason=answer.get("statusReason", ""),
        stage=answer.get("lifecycleStage", ""),
        failures=breaker.get("failureCount", 0),
        threshold=breaker.get("threshold", 0),
    )


def _rejection_message(key: str, arn: str, deployment: Answer, problem: str) -> str:
    revision = arn.rpartition("/")[2]
    status = deployment.get("status", "")
    result = "was rolled back" if status in _FAILED else "failed"
    reason = deployment.get("statusReason") or deployment.get("rolloutStateReason")
    cause = problem or (reason or "").rstrip(".")
    because = f": {cause}" if cause else ""
    return f"{revision} {result}{because}. {retry_hint(key)}"
