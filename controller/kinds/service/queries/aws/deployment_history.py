"""Rollouts of a service; ECS keeps their records for 90 days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.errors import DriverError, NotFoundError
from controller.core.resources.plan import Verb
from controller.core.resources.rollouts import Result, RolloutRecord
from controller.core.status.interventions import intervention_text
from controller.core.values.aws_answers import utc_time
from controller.core.values.batches import batched
from controller.kinds.service.aws.deployments import MOST_AT_ONCE
from controller.kinds.service.aws.services import EcsServices, exists
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.operations.requests import UNKNOWN_USER
from controller.kinds.service.operations.rollout_users import with_users
from controller.kinds.service.render.fingerprint import definition_hash, is_declared
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.tags import ServiceTags

Answer = Mapping[str, Any]
# API reference, ServiceDeploymentBrief, field status.
_RESULTS = {
    "PENDING": Result.UNDER_WAY,
    "IN_PROGRESS": Result.UNDER_WAY,
    "SUCCESSFUL": Result.SUCCEEDED,
    "STOP_REQUESTED": Result.STOPPED,
    "STOPPED": Result.STOPPED,
    "ROLLBACK_REQUESTED": Result.ROLLING_BACK,
    "ROLLBACK_IN_PROGRESS": Result.ROLLING_BACK,
    "ROLLBACK_SUCCESSFUL": Result.ROLLED_BACK,
    "ROLLBACK_FAILED": Result.FAILED,
}


class DeploymentHistory:
    """Reads of service deployments and their revisions."""

    def __init__(self, aws: Aws, ecs: EcsServices) -> None:
        self._aws = aws
        self._ecs = ecs
        self._steps = OneOffSteps(aws)

    def rollouts(self, spec: ServiceSpec) -> tuple[RolloutRecord, ...]:
        """Return all rollouts that ECS still has, the newest first."""
        service = self._ecs.services(spec.cluster, [spec.name]).get(spec.name)
        if service is None or not exists(service):
            msg = f"{spec.name} does not exist in cluster {spec.cluster}"
            raise NotFoundError(msg)
        found = self._deployments(service)
        revisions = self._revisions([d["targetServiceRevisionArn"] for d in found])
        records = [*self._records(spec, service, found, revisions)]
        targets = {
            d["serviceDeploymentArn"]: d["targetServiceRevisionArn"] for d in found
        }
        attributed = with_users(records, ServiceTags.of(service), targets)
        return self._with_step_retry(spec, attributed, found, revisions)

    def _with_step_retry(
        self,
        spec: ServiceSpec,
        records: tuple[RolloutRecord, ...],
        found: Sequence[Answer],
        revisions: Mapping[str, Answer],
    ) -> tuple[RolloutRecord, ...]:
        """Return ``records`` with the user who retried a step of the newest revision.

        The step preceded the first rollout of that revision.
        """
        if not spec.before or not records:
            return records
        same = [one.revision == records[0].revision for one in records]
        index = len(records) - 1 - same[::-1].index(True)
        target = found[index]["targetServiceRevisionArn"]
        definition = revisions.get(target, {}).get("taskDefinition", "")
        by = self._steps.retried_by(spec, definition) if definition else ""
        retry = intervention_text(Verb.RETRY, by) if by else ""
        intervention = records[index].intervention or retry
        first = replace(records[index], intervention=intervention)
        return (*records[:index], first, *records[index + 1 :])

    def _deployments(self, service: Answer) -> list[Answer]:
        found = paginated(
            self._aws,
            "ecs",
            "ListServiceDeployments",
            "serviceDeployments",
            cluster=service["clusterArn"],
            service=service["serviceArn"],
            maxResults=100,
        )
        return sorted(found, key=_began, reverse=True)

    def _revisions(self, arns: Sequence[str]) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        for batch in batched([*dict.fromkeys(arns)], MOST_AT_ONCE):
            answer = self._aws.call(
                "ecs", "DescribeServiceRevisions", serviceRevisionArns=batch
            )
            found |= {r["serviceRevisionArn"]: r for r in answer["serviceRevisions"]}
        return found

    def _records(
        self,
        spec: ServiceSpec,
        service: Answer,
        found: Sequence[Answer],
        revisions: Mapping[str, Answer],
    ) -> Iterator[RolloutRecord]:
        present = _present(service, found)
        for deployment in found:
            arn = deployment["targetServiceRevisionArn"]
            revision = revisions.get(arn, {})
            definition = revision.get("taskDefinition", "")
            known = self._definition(definition)
            yield RolloutRecord(
                id=deployment["serviceDeploymentArn"],
                revision=definition.rpartition("/")[2],
                result=_RESULTS.get(deployment["status"], Result.UNDER_WAY),
                began=utc_time(deployment.get("createdAt")),
                ended=utc_time(deployment.get("finishedAt")),
                images=tuple(_images(revision)),
                by=self._ecs.writer(definition) if known is not None else "",
                reason=deployment.get("statusReason", ""),
                present=deployment["serviceDeploymentArn"] == present,
                set_aside=_set_aside(spec, service, known),
            )

    def _definition(self, arn: str) -> dict[str, Any] | None:
        """Return a revision's canonical form; None if it was deleted permanently."""
        try:
            return self._ecs.definition(arn) if arn else None
        except DriverError:
            return None


def _present(service: Answer, found: Sequence[Answer]) -> str:
    """Return the ARN of the newest rollout of the current revision."""
    for deployment in service["deployments"]:
        if deployment["status"] == "PRIMARY":
            id_ = deployment["id"].rpartition("/")[2]
            for rollout in found:
                if rollout["targetServiceRevisionArn"].rpartition("/")[2] == id_:
                    return str(rollout["serviceDeploymentArn"])
    return ""


def _images(revision: Answer) -> Iterator[str]:
    for image in revision.get("containerImages", ()):
        digest = image.get("imageDigest")
        pinned = not digest or "@" in image["image"]
        yield image["image"] if pinned else f"{image['image']}@{digest}"


def _set_aside(
    spec: ServiceSpec, service: Answer, definition: dict[str, Any] | None
) -> str:
    """Return the user who put the revision on hold; empty if it is not on hold."""
    tags = ServiceTags.of(service)
    if tags.set_aside != definition_hash(spec) or definition is None:
        return ""
    return (tags.set_aside_by or UNKNOWN_USER) if is_declared(spec, definition) else ""


def _began(deployment: Answer) -> datetime:
    return utc_time(deployment.get("createdAt")) or datetime.min.replace(tzinfo=UTC)
