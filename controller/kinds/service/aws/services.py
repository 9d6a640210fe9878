"""Look at services in ECS, in as few calls as ECS allows."""

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

# What DescribeServices takes at most; API reference.
MOST_SERVICES = 10
# A rollout that came no further for so long is asked why.
SLOW = timedelta(minutes=2)
# A family's revisions that are looked through for equal content.
REVISIONS_TO_REUSE = 10

Answer = Mapping[str, Any]


class EcsServices:
    """Reads of one cluster's services. Task definitions never change: kept for ever."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._definitions: dict[str, dict[str, Any]] = {}
        self._described: dict[str, Answer] = {}

    def services(self, cluster: str, names: Collection[str]) -> dict[str, Answer]:
        """Return the services that are there, by name; ceil(n/10) calls.

        Raises DriverError; a cluster that is not there is a NotFoundError.
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
        return self._learned(
            self._aws.call("ecs", "DescribeTaskDefinition", taskDefinition=arn)
        )[1]

    def equal_revisions(
        self, family: str, wanted: Mapping[str, Any]
    ) -> tuple[str, ...]:
        """Return the newest active revision with the canonical form ``wanted``.

        And its copies, if a request was delivered twice or late: the first that was
        registered comes first. It is the one that others have worked on already.
        """
        arns = self._active_revisions(family)
        others = dropwhile(lambda arn: self.definition(arn) != wanted, arns)
        equal = [*takewhile(lambda arn: self.definition(arn) == wanted, others)]
        return tuple(reversed(equal))

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
            self._described[arn] = found
        return arn, definition

    def writer(self, arn: str) -> str:
        """Return who registered a revision that was looked at; empty if unknown."""
        return str(self._described.get(arn, {}).get("registeredBy", ""))

    def state(self, service: Answer) -> ServiceState:
        """Return what ``service`` is, with the task definition it is set to."""
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
    """Return what DescribeServices says that ``service`` is, and no more."""
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
    """Whether ``service`` is there: ECS shows a deleted one as INACTIVE for a while."""
    return service is not None and service["status"] != "INACTIVE"


def _unknown_cluster(cluster: str, error: NotFoundError) -> NotFoundError:
    """Return ``error`` in words that name the cluster and how to make it."""
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


def troubled(state: ServiceState) -> bool:
    """Whether tasks that should run do not, so that people will ask why."""
    primary = state.primary
    if primary is None:
        return False
    return (
        state.stalled_for >= SLOW
        or primary.failed > 0
        or primary.rollout == "FAILED"
        or (state.running < state.desired and primary.rollout == "COMPLETED")
    )


def moves(state: ServiceState) -> bool:
    """Whether a rollout is under way, or another than ours is in place."""
    primary = state.primary
    if primary is None:
        return False
    return primary.rollout == "IN_PROGRESS" or state.our_deployment not in (
        "",
        primary.id,
    )
