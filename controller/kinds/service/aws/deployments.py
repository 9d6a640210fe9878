"""What became of a service's deployments, by ECS's own records of ninety days."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import TransientError
from controller.core.values.batches import batched
from controller.core.values.identity import content_hash
from controller.kinds.service.state.retry_requests import forgiven, id_of, until
from controller.kinds.service.state.service import Rejection, ServiceDeployment

# What DescribeServiceRevisions and DescribeServiceDeployments take; API reference.
MOST_AT_ONCE = 20

_FAILED = frozenset({"ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_UNDER_WAY = frozenset({"PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED"})
_ENDED = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
Answer = Mapping[str, Any]
# Returns the canonical form of a revision.
Definitions = Callable[[str], dict[str, Any]]


class ServiceDeployments:
    """Reads service deployments. What has ended never changes: kept for ever."""

    def __init__(self, aws: Aws, definition: Definitions) -> None:
        self._aws = aws
        self._definition = definition
        self._ended: dict[str, ServiceDeployment] = {}

    def flights(self, arns: Sequence[str]) -> dict[str, ServiceDeployment]:
        """Return these service deployments, ceil(n/20) calls for what goes on."""
        wanted = [arn for arn in dict.fromkeys(arns) if arn not in self._ended]
        found: dict[str, ServiceDeployment] = {}
        for batch in batched(wanted, MOST_AT_ONCE):
            answer = self._aws.call(
                "ecs", "DescribeServiceDeployments", serviceDeploymentArns=batch
            )
            for deployment in answer["serviceDeployments"]:
                flight = _flight(deployment)
                found[flight.arn] = flight
                if flight.status in _ENDED:
                    self._ended[flight.arn] = flight
        return found | {arn: self._ended[arn] for arn in arns if arn in self._ended}

    def rejections(
        self, key: str, service: Answer, problem: str
    ) -> tuple[Rejection, ...]:
        """Return the definitions ECS gave up on and that have not worked since.

        Raises TransientError while the history is older than what the service shows.

        Args:
            key: Of the service in the document.
            service: As DescribeServices answers, with its tags.
            problem: Why its tasks stop, if that is known.
        """
        history = self._deployments(service)
        _refuse_lagging(service, history)
        gave_up = self._gave_up(key, service, history, problem)
        if not any(d["status"] in _FAILED for d in history):
            return tuple(gave_up)
        revisions = self._revisions([d["targetServiceRevisionArn"] for d in history])
        past = forgiven(service, history)
        newest: dict[str, Rejection | None] = {}
        for deployment in history:
            arn = revisions.get(deployment["targetServiceRevisionArn"])
            if arn is None:
                continue
            content = content_hash(self._definition(arn))
            id_ = id_of(deployment["serviceDeploymentArn"])
            failed = deployment["status"] in _FAILED and id_ not in past
            message = _rejection_message(key, arn, deployment, problem)
            rejection = Rejection(content, message, id_) if failed else None
            newest.setdefault(content, rejection)
        rejected = (rejection for rejection in newest.values() if rejection)
        return (*rejected, *gave_up)

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

    def _gave_up(
        self, key: str, service: Answer, history: Sequence[Answer], problem: str
    ) -> Iterator[Rejection]:
        """Yield definitions that failed with nothing to go back to."""
        past = forgiven(service, history)
        targets = {
            id_of(d["targetServiceRevisionArn"]): id_of(d["serviceDeploymentArn"])
            for d in reversed(history)
        }
        for deployment in service["deployments"]:
            mine = id_of(deployment["id"])
            id_ = targets.get(mine, mine)
            if deployment.get("rolloutState") == "FAILED" and id_ not in past:
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
    """Raise TransientError if ``history`` is older than what ``service`` shows.

    ECS's reads lag, each by its own time. A history that does not know yet of a
    rollback would have the rejected revision tried once more.
    """
    current = service.get("currentServiceDeployment")
    known = {d["serviceDeploymentArn"]: d["status"] for d in history}
    settled = all(
        d.get("rolloutState") != "IN_PROGRESS" for d in service["deployments"]
    )
    if current is None:
        return
    if current not in known or (settled and known[current] in _UNDER_WAY):
        msg = (
            f"ECS's history of {service['serviceName']} lags behind what it runs; "
            "nothing is decided on it"
        )
        raise TransientError(msg)


def _flight(answer: Answer) -> ServiceDeployment:
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
    came = "was rolled back" if status in _FAILED else "failed"
    said = deployment.get("statusReason") or deployment.get("rolloutStateReason") or ""
    why = problem or said.rstrip(".")
    because = f": {why}" if why else ""
    return f"{revision} {came}{because}; it is not tried again {until(key)}."
