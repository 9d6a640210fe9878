"""The rollouts of a service, as ECS remembers them: ninety days."""

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
from controller.core.values.batches import batched
from controller.kinds.service.aws.deployments import MOST_AT_ONCE
from controller.kinds.service.aws.services import EcsServices, exists
from controller.kinds.service.operations.attribution import with_tags
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.render.fingerprint import content, is_wanted
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.times import moment
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
    """Reads service deployments and the revisions behind them."""

    def __init__(self, aws: Aws, ecs: EcsServices) -> None:
        self._aws = aws
        self._ecs = ecs
        self._before = OneOffSteps(aws)

    def rollouts(self, spec: ServiceSpec) -> tuple[RolloutRecord, ...]:
        """Return every rollout that ECS remembers, the newest first."""
        service = self._ecs.services(spec.cluster, [spec.name]).get(spec.name)
        if service is None or not exists(service):
            msg = f"{spec.name} does not exist in cluster {spec.cluster}"
            raise NotFoundError(msg)
        found = self._deployments(service)
        revisions = self._revisions([d["targetServiceRevisionArn"] for d in found])
        told = [*self._told(spec, service, found, revisions)]
        targets = {
            d["serviceDeploymentArn"]: d["targetServiceRevisionArn"] for d in found
        }
        known = with_tags(told, ServiceTags.of(service), targets)
        return self._with_steps(spec, known, found, revisions)

    def _with_steps(
        self,
        spec: ServiceSpec,
        told: tuple[RolloutRecord, ...],
        found: Sequence[Answer],
        revisions: Mapping[str, Answer],
    ) -> tuple[RolloutRecord, ...]:
        """Return ``told`` with who had a step run once more before the newest revision.

        It came before the first rollout of that revision.
        """
        if not spec.before or not told:
            return told
        first = [one.revision == told[0].revision for one in told][::-1].index(True)
        index = len(told) - 1 - first
        target = found[index]["targetServiceRevisionArn"]
        definition = revisions.get(target, {}).get("taskDefinition", "")
        by = self._before.retried_by(spec, definition) if definition else ""
        asked = told[index].intervention or (
            intervention_text(Verb.RETRY, by) if by else ""
        )
        return (
            *told[:index],
            replace(told[index], intervention=asked),
            *told[index + 1 :],
        )

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

    def _told(
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
                began=moment(deployment.get("createdAt")),
                ended=moment(deployment.get("finishedAt")),
                images=tuple(_images(revision)),
                by=self._ecs.writer(definition) if known is not None else "",
                reason=deployment.get("statusReason", ""),
                present=deployment["serviceDeploymentArn"] == present,
                set_aside=_set_aside(spec, service, known),
            )

    def _definition(self, arn: str) -> dict[str, Any] | None:
        """Return a revision's canonical form; None if it was deleted for good."""
        try:
            return self._ecs.definition(arn) if arn else None
        except DriverError:
            return None


def _present(service: Answer, found: Sequence[Answer]) -> str:
    """Return the newest rollout of what is in place: it has the deployment's id."""
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
    """Return who set the revision aside: it is what is declared, and must not be."""
    tags = ServiceTags.of(service)
    if tags.set_aside != content(spec) or definition is None:
        return ""
    return (tags.set_aside_by or "somebody") if is_wanted(spec, definition) else ""


def _began(deployment: Answer) -> datetime:
    return moment(deployment.get("createdAt")) or datetime.min.replace(tzinfo=UTC)
