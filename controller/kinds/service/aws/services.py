"""Reads of services and task definitions, in as few calls as ECS allows."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import dropwhile, takewhile
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import NotFoundError
from controller.core.values.batches import batched
from controller.kinds.service.normalize import canonical
from controller.kinds.service.state.service import Deployment, ServiceState

# Maximum of DescribeServices; API reference.
MOST_SERVICES = 10
# Time without progress after which the cause is read.
SLOW = timedelta(minutes=2)
# Number of the newest revisions that are searched for equal content.
REVISIONS_TO_REUSE = 10

Answer = Mapping[str, Any]


class EcsServices:
    """Reads of services. Task definitions never change and are kept."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._definitions: dict[str, dict[str, Any]] = {}
        self._described: dict[str, Answer] = {}

    def services(self, cluster: str, names: Collection[str]) -> dict[str, Answer]:
        """Return the services that exist, by name; ceil(n/10) calls.

        Raises DriverError; NotFoundError if the cluster does not exist.
        """
        found: dict[str, Answer] = {}
        for batch in batched(sorted(names), MOST_SERVICES):
            try:
                answer = self._aws.call(
                    "ecs",
                    "DescribeServices",
                    cluster=cluster,
                    services=batch,
                    include=["TAGS"],
                )
            except NotFoundError as error:
                raise _unknown_cluster(cluster, error) from error
            found |= {s["serviceName"]: s for s in answer["services"]}
        return found

    def definition(self, arn: str) -> dict[str, Any]:
        """Return the canonical form of one revision."""
        with self._lock:
            known = self._definitions.get(arn)
        if known is not None:
            return known
        return self._kept(
            self._aws.call("ecs", "DescribeTaskDefinition", taskDefinition=arn)
        )[1]

    def equal_revisions(
        self, family: str, wanted: Mapping[str, Any]
    ) -> tuple[str, ...]:
        """Return the newest active revision with the canonical form ``wanted``.

        Includes its copies, if ECS got a request twice or late. The oldest copy comes
        first, because earlier passes may have used it.
        """
        arns = self._active_revisions(family)
        others = dropwhile(lambda arn: self.definition(arn) != wanted, arns)
        equal = [*takewhile(lambda arn: self.definition(arn) == wanted, others)]
        return tuple(reversed(equal))

    def _active_revisions(self, family: str) -> list[str]:
        """Return the newest active revisions, the newest first.

        Read in two ways: ListTaskDefinitions may lack a revision that was registered
        just before a crash, which would then be registered again.
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
            newest, _ = self._kept(
                self._aws.call("ecs", "DescribeTaskDefinition", taskDefinition=family)
            )
        except NotFoundError:
            return listed
        return listed if newest in listed else [newest, *listed]

    def _kept(self, answer: Answer) -> tuple[str, dict[str, Any]]:
        """Cache a revision; return its ARN and its canonical form."""
        found = answer["taskDefinition"]
        arn, definition = found["taskDefinitionArn"], canonical(found)
        with self._lock:
            self._definitions[arn] = definition
            self._described[arn] = found
        return arn, definition

    def writer(self, arn: str) -> str:
        """Return the principal that registered a revision; empty if unknown."""
        return str(self._described.get(arn, {}).get("registeredBy", ""))

    def state(self, service: Answer) -> ServiceState:
        """Return the state of ``service`` with its task definition."""
        arn = service["taskDefinition"]
        definition = self.definition(arn)
        described = self._described.get(arn, {})
        return replace(
            bare_state(service),
            definition=definition,
            registered_by=self.writer(arn),
            described=described,
        )


def bare_state(service: Answer) -> ServiceState:
    """Return the state of ``service`` as far as DescribeServices contains it."""
    return ServiceState(
        arn=service["serviceArn"],
        status=service["status"],
        definition={},
        definition_arn=service["taskDefinition"],
        settings=service,
        desired=service["desiredCount"],
        running=service["runningCount"],
        deployments=tuple(map(_deployment, service["deployments"])),
    )


def exists(service: Answer | None) -> bool:
    """Return False for a deleted service, which ECS shows as INACTIVE for a while."""
    return service is not None and service["status"] != "INACTIVE"


def _unknown_cluster(cluster: str, error: NotFoundError) -> NotFoundError:
    """Return ``error`` with the cluster's name and the command that creates it."""
    return NotFoundError(
        f"cluster {cluster} does not exist: create it with "
        f"`aws ecs create-cluster --cluster-name {cluster}` ({error})"
    )


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
        pending=answer.get("pendingCount", 0),
    )


def lacks_tasks(state: ServiceState) -> bool:
    """Return True if tasks fail or are missing, so that the cause is needed."""
    primary = state.primary
    if primary is None:
        return False
    return (
        state.stalled_for >= SLOW
        or primary.failed > 0
        or primary.rollout == "FAILED"
        or (state.running < state.desired and primary.rollout == "COMPLETED")
    )


def is_changing(state: ServiceState) -> bool:
    """Return True during a rollout, or if another deployment replaced the last one."""
    primary = state.primary
    if primary is None:
        return False
    return primary.rollout == "IN_PROGRESS" or state.our_deployment not in (
        "",
        primary.id,
    )
