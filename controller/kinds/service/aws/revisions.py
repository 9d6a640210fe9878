"""Registration of task definitions: one revision per content."""

from controller.core.dependencies import Aws
from controller.core.values.identity import OWNER_TAG
from controller.kinds.service.aws.services import EcsServices
from controller.kinds.service.render.fingerprint import declared_definition
from controller.kinds.service.render.revision_tags import declared_tags
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.tags import as_pairs


class Revisions:
    """Registration of task definitions.

    RegisterTaskDefinition has no idempotency token and allows one call per second. So a
    content is not registered if an active revision already has it.
    """

    def __init__(self, aws: Aws, ecs: EcsServices, owner: str) -> None:
        self._aws = aws
        self._ecs = ecs
        self._owner = owner

    def ensure(self, spec: ServiceSpec) -> str:
        """Return the ARN of a revision with the declared content; register it if missing.

        Safe to repeat: copies of the revision are deregistered.
        """
        known = self._ecs.equal_revisions(spec.name, declared_definition(spec))
        arn, *copies = known or self._registered(spec)
        for copy in copies:
            self._aws.call("ecs", "DeregisterTaskDefinition", taskDefinition=copy)
        return arn

    def _registered(self, spec: ServiceSpec) -> tuple[str, ...]:
        """Register a revision; return it, and its copy if ECS got the request twice."""
        tags = {**declared_tags(spec), OWNER_TAG: self._owner}
        request = {**render(spec), "tags": as_pairs(tags)}
        answer = self._aws.call("ecs", "RegisterTaskDefinition", **request)
        arn = str(answer["taskDefinition"]["taskDefinitionArn"])
        equal = self._ecs.equal_revisions(spec.name, declared_definition(spec))
        return (arn, *(copy for copy in equal if copy != arn))
