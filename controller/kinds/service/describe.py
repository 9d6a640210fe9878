"""Look at services in ECS, in as few calls as ECS allows."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import dropwhile, takewhile
from typing import Any

from controller.clients.aws import Aws
from controller.core.errors import NotFoundError, TransientError
from controller.core.identity import content_hash
from controller.kinds.service.normalise import canonical
from controller.kinds.service.state import Deployment, Rejection, ServiceState

# What DescribeServices and its relatives take at most; API reference.
MOST_SERVICES = 10
MOST_REVISIONS = 20
MOST_TASKS = 100
# A family's revisions that are looked through for equal content.
REVISIONS_TO_REUSE = 10

_FAILED_ROLLOUT = frozenset(
    {"ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
)
_UNDER_WAY = frozenset({"PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED"})
Answer = Mapping[str, Any]


class Ecs:
    """Reads of one cluster's services. Task definitions never change: kept for ever."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._definitions: dict[str, dict[str, Any]] = {}
        self._writers: dict[str, str] = {}

    def services(self, cluster: str, names: Collection[str]) -> dict[str, Answer]:
        """Return the services that are there, by name; ceil(n/10) calls.

        Raises DriverError; a cluster that is not there is a NotFoundError.
        """
        found: dict[str, Answer] = {}
        for batch in batched(sorted(names), MOST_SERVICES):
            answer = self._aws.call(
                "ecs",
                "DescribeServices",
                cluster=cluster,
                services=batch,
                include=["TAGS"],
            )
            found |= {s["serviceName"]: s for s in answer["services"]}
        return found

    def definition(self, arn: str) -> dict[str, Any]:
        """Return the canonical form of one revision."""
        with self._lock:
            known = self._definitions.get(arn)
        if known is not None:
            return known
        return self._learned(
            self._aws.call("ecs", "DescribeTaskDefinition", taskDefinition=arn)
        )[1]

    def equal_revisions(self, family: str, wanted: Mapping[str, Any]) -> Iterator[str]:
        """Yield the newest active revision with the canonical form ``wanted``.

        And the copies right before it: those of a request delivered twice.
        """
        arns = self._active_revisions(family)
        others = dropwhile(lambda arn: self.definition(arn) != wanted, arns)
        yield from takewhile(lambda arn: self.definition(arn) == wanted, others)

    def _active_revisions(self, family: str) -> list[str]:
        """Return the newest active revisions, the newest first.

        Asked in two ways: RegisterTaskDefinition has no token, and a list that lags
        would have what was registered just before a crash registered once more.
        """
        answer = self._aws.call(
            "ecs",
            "ListTaskDefinitions",
            familyPrefix=family,
            status="ACTIVE",
            sort="DESC",
            maxResults=REVISIONS_TO_REUSE,
        )
        listed: list[str] = answer["taskDefinitionArns"]
        try:
            newest, _ = self._learned(
                self._aws.call("ecs", "DescribeTaskDefinition", taskDefinition=family)
            )
        except NotFoundError:
            return listed
        return listed if newest in listed else [newest, *listed]

    def _learned(self, answer: Answer) -> tuple[str, dict[str, Any]]:
        """Return a revision's ARN and canonical form, and keep them for ever."""
        found = answer["taskDefinition"]
        arn, definition = found["taskDefinitionArn"], canonical(found)
        with self._lock:
            self._definitions[arn] = definition
            self._writers[arn] = found.get("registeredBy", "")
        return arn, definition

    def state(self, service: Answer, wanted: Mapping[str, Any] | None) -> ServiceState:
        """Return what ``service`` is, with the story of what went wrong, if it did.

        Args:
            service: As DescribeServices gives it.
            wanted: Canonical form of the declared definition; None if undeclared.
        """
        definition = self.definition(service["taskDefinition"])
        deployments = tuple(_deployment(d) for d in service["deployments"])
        state = ServiceState(
            arn=service["serviceArn"],
            status=service["status"],
            definition=definition,
            definition_arn=service["taskDefinition"],
            settings=service,
            desired=service["desiredCount"],
            running=service["runningCount"],
            deployments=deployments,
            registered_by=self._writers.get(service["taskDefinition"], ""),
        )
        troubled = _troubled(state)
        differs = wanted is not None and definition != wanted
        return replace(
            state,
            problem=self._problem(service) if troubled else "",
            rejected=self._rejections(service) if differs or troubled else (),
        )

    def _rejections(self, service: Answer) -> tuple[Rejection, ...]:
        """Return the definitions ECS gave up on and that have not worked since."""
        history = self._history(service)
        _refuse_lagging(service, history)
        if not any(d["status"] in _FAILED_ROLLOUT for d in history):
            return tuple(self._gave_up(service))
        revisions = self._revisions([d["targetServiceRevisionArn"] for d in history])
        problem = self._problem(service)
        newest: dict[str, Rejection | None] = {}
        for deployment in history:
            arn = revisions.get(deployment["targetServiceRevisionArn"])
            if arn is None:
                continue
            content = content_hash(self.definition(arn))
            failed = deployment["status"] in _FAILED_ROLLOUT
            message = _rejection_message(arn, deployment, problem)
            newest.setdefault(content, Rejection(content, message) if failed else None)
        rejected = (rejection for rejection in newest.values() if rejection)
        return (*rejected, *self._gave_up(service))

    def _history(self, service: Answer) -> list[Answer]:
        """Return the newest deployments of the service, the newest first."""
        answer = self._aws.call(
            "ecs",
            "ListServiceDeployments",
            cluster=service["clusterArn"],
            service=service["serviceArn"],
            maxResults=MOST_REVISIONS,
        )
        deployments: list[Answer] = answer["serviceDeployments"]
        return sorted(deployments, key=lambda d: str(d.get("createdAt")), reverse=True)

    def _gave_up(self, service: Answer) -> Iterator[Rejection]:
        """Yield definitions that failed with nothing to go back to."""
        for deployment in service["deployments"]:
            if deployment.get("rolloutState") == "FAILED":
                arn = deployment["taskDefinition"]
                message = _rejection_message(arn, deployment, self._problem(service))
                yield Rejection(content_hash(self.definition(arn)), message)

    def _revisions(self, arns: Sequence[str]) -> dict[str, str]:
        """Return the task definition of each service revision."""
        if not arns:
            return {}
        answer = self._aws.call(
            "ecs", "DescribeServiceRevisions", serviceRevisionArns=arns[:MOST_REVISIONS]
        )
        return {
            revision["serviceRevisionArn"]: revision["taskDefinition"]
            for revision in answer["serviceRevisions"]
        }

    def _problem(self, service: Answer) -> str:
        """Return why the newest stopped task stopped, in ECS's words."""
        arns = self._aws.call(
            "ecs",
            "ListTasks",
            cluster=service["clusterArn"],
            serviceName=service["serviceName"],
            desiredStatus="STOPPED",
            maxResults=MOST_TASKS,
        )["taskArns"]
        if not arns:
            return ""
        answer = self._aws.call(
            "ecs", "DescribeTasks", cluster=service["clusterArn"], tasks=arns
        )
        return _stopped_reason(answer["tasks"])


def batched(items: Sequence[str], size: int) -> Iterator[list[str]]:
    """Yield ``items`` in lists of at most ``size``."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def exists(service: Answer | None) -> bool:
    """Whether ``service`` is there: ECS shows a deleted one as INACTIVE for a while."""
    return service is not None and service["status"] != "INACTIVE"


def reraise_as_unknown_cluster(cluster: str, error: NotFoundError) -> NotFoundError:
    """Return ``error`` in words that name the cluster and how to make it."""
    return NotFoundError(
        f"cluster {cluster} does not exist: create it with "
        f"`aws ecs create-cluster --cluster-name {cluster}` ({error})"
    )


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


def _deployment(answer: Answer) -> Deployment:
    return Deployment(
        id=answer["id"],
        status=answer["status"],
        rollout=answer.get("rolloutState", ""),
        reason=answer.get("rolloutStateReason", ""),
        definition_arn=answer["taskDefinition"],
        desired=answer.get("desiredCount", 0),
        running=answer.get("runningCount", 0),
        failed=answer.get("failedTasks", 0),
    )


def _troubled(state: ServiceState) -> bool:
    """Whether tasks that should run do not, so that people will ask why."""
    primary = state.primary
    if primary is None:
        return False
    return (
        primary.failed > 0
        or primary.rollout == "FAILED"
        or (state.running < state.desired and primary.rollout == "COMPLETED")
    )


def _stopped_reason(tasks: Sequence[Answer]) -> str:
    """Return the reason of the newest task that stopped by itself."""
    failed = [t for t in tasks if t.get("stopCode") != "ServiceSchedulerInitiated"]
    if not failed:
        return ""
    newest = max(failed, key=lambda task: str(task.get("stoppedAt", "")))
    parts = [newest.get("stoppedReason", "").rstrip(".")]
    for container in newest.get("containers", ()):
        if container.get("reason"):
            parts.append(container["reason"])
        if container.get("exitCode"):
            parts.append(f"{container['name']} exited with {container['exitCode']}")
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _rejection_message(arn: str, deployment: Answer, problem: str) -> str:
    revision = arn.rpartition("/")[2]
    status = deployment.get("status", "")
    came = "was rolled back" if status in _FAILED_ROLLOUT else "failed"
    said = deployment.get("statusReason") or deployment.get("rolloutStateReason") or ""
    why = problem or said.rstrip(".")
    because = f": {why}" if why else ""
    return f"{revision} {came}{because}; it is not tried again until something changes."
