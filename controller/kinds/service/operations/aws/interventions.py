"""Carry out requested operations: rollback, its undo, restart and retry.

Each operation is recorded in tags before it is done. If the controller stops in
between, the next one waits instead of rolling forward again, and can tell if a restart
has happened.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import NotFoundError, PermanentError
from controller.core.resources.driver import Applied, Progressing
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Action, Verb
from controller.kinds.service.aws.services import EcsServices
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.operations.requests import (
    failed_deployment,
    gave_up,
    inactive,
    is_same_restart,
    restarted_tags,
    retried_tags,
    set_aside_tags,
    stopped_revisions,
    tag_text,
    was_restarted,
)
from controller.kinds.service.render.fingerprint import declared_definition, is_declared
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import (
    RESTARTED,
    SET_ASIDE,
    SET_ASIDE_BY,
    as_pairs,
    deployment_tag,
)

_SOON = timedelta(seconds=1)
_STEP_RETRIED = Applied("The next pass runs the failed step again.")


class Interventions:
    """Writes of requested operations. Methods may be repeated and raise DriverError."""

    def __init__(
        self, aws: Aws, ecs: EcsServices, clock: Clock, steps: OneOffSteps
    ) -> None:
        self._aws = aws
        self._steps = steps
        self._ecs = ecs
        self._clock = clock

    def apply(self, action: Action, request: OperationRequest) -> Applied | Progressing:
        """Carry out ``request``. A rollout continues after this returns."""
        spec, state = action.desired, action.observed
        key = action.target.name
        match action.verb:
            case Verb.ROLL_BACK:
                return self._roll_back(key, request, spec, state)
            case Verb.RESTART:
                return self._restart(request, spec, state)
            case Verb.RETRY:
                return self._retry(request, spec, state)
            case _:
                self.end_hold(state.arn)
                return Applied("The next pass rolls out the declared revision.")

    def end_hold(self, arn: str) -> None:
        """Remove the tags that hold a revision back."""
        keys = [SET_ASIDE, SET_ASIDE_BY]
        self._aws.call("ecs", "UntagResource", resourceArn=arn, tagKeys=keys)

    def _roll_back(
        self,
        key: str,
        request: OperationRequest,
        spec: ServiceSpec,
        state: ServiceState,
    ) -> Progressing:
        self._check(key, request.wanted, spec)
        self._tag(state, set_aside_tags(spec, request))
        now = self._service(spec)
        if now["taskDefinition"].rpartition("/")[2] != request.wanted:
            now = self._update(spec, taskDefinition=request.wanted)
        self._tag(state, deployment_tag(now))
        return Progressing(_SOON, f"ECS rolls back to {request.wanted}.")

    def _restart(
        self, request: OperationRequest, spec: ServiceSpec, state: ServiceState
    ) -> Progressing:
        self._refuse_inactive(spec, state)
        now, at = self._service(spec), self._clock.now()
        tags = restarted_tags(request, now, at)
        if not was_restarted(now, since=state.settings):
            if not is_same_restart(tags, now):
                self._tag(state, tags)
            now = self._update(spec, forceNewDeployment=True)
        self._tag(state, {RESTARTED: tags[RESTARTED], **deployment_tag(now)})
        return Progressing(_SOON, "ECS replaces the tasks.")

    def _retry(
        self, request: OperationRequest, spec: ServiceSpec, state: ServiceState
    ) -> Applied:
        """Record the retry; the next pass rolls out the declared revision."""
        for revision in stopped_revisions(spec, state):
            if self._steps.retry(spec, revision, tag_text(str(request))):
                return _STEP_RETRIED
        if gave_up(state):
            self._refuse_inactive(spec, state)
        if failed := failed_deployment(spec, state):
            self._tag(state, retried_tags(request, failed))
        return Applied("The next pass retries the declared revision.")

    def retry_creation(self, spec: ServiceSpec, request: OperationRequest) -> Applied:
        """Retry the failed step that precedes the creation of a service.

        Raises PermanentError if no step failed.
        """
        for revision in self._ecs.equal_revisions(spec.name, declared_definition(spec))[
            :1
        ]:
            if self._steps.retry(spec, revision, tag_text(str(request))):
                return _STEP_RETRIED
        msg = (
            f"{spec.name} does not exist and none of its steps failed: create it with "
            "`hokusai apply`"
        )
        raise PermanentError(msg)

    def _refuse_inactive(self, spec: ServiceSpec, state: ServiceState) -> None:
        """Raise PermanentError if the deployed revision was deregistered meanwhile.

        Task definitions are cached permanently; only their status can change.
        """
        answer = self._aws.call(
            "ecs", "DescribeTaskDefinition", taskDefinition=state.definition_arn
        )
        if answer["taskDefinition"].get("status") == "INACTIVE":
            raise PermanentError(inactive(spec, state))

    def _check(self, key: str, name: str, spec: ServiceSpec) -> None:
        """Raise PermanentError unless a rollback to the revision ``name`` is possible."""
        try:
            answer = self._aws.call(
                "ecs", "DescribeTaskDefinition", taskDefinition=name
            )
        except NotFoundError as error:
            msg = f"{name} does not exist: `hokusai history` lists the revisions"
            raise NotFoundError(msg) from error
        found = answer["taskDefinition"]
        status = found.get("status", "ACTIVE")
        if status != "ACTIVE":
            msg = f"{name} is {status}: ECS starts no tasks of it"
            raise PermanentError(msg)
        if is_declared(spec, self._ecs.definition(found["taskDefinitionArn"])):
            msg = (
                f"{name} is the declared revision: deploy it with `hokusai apply` or, if "
                f"it was rejected, with `hokusai retry service/{key} --reason TEXT`"
            )
            raise PermanentError(msg)

    def _service(self, spec: ServiceSpec) -> Mapping[str, Any]:
        """Read the service again."""
        found = self._ecs.services(spec.cluster, [spec.name])
        if spec.name not in found:
            msg = f"{spec.name} does not exist in cluster {spec.cluster}"
            raise NotFoundError(msg)
        service: Mapping[str, Any] = found[spec.name]
        return service

    def _update(self, spec: ServiceSpec, **fields: Any) -> Mapping[str, Any]:
        answer = self._aws.call(
            "ecs", "UpdateService", cluster=spec.cluster, service=spec.name, **fields
        )
        service: Mapping[str, Any] = answer["service"]
        return service

    def _tag(self, state: ServiceState, tags: Mapping[str, str]) -> None:
        pairs = as_pairs(tags)
        self._aws.call("ecs", "TagResource", resourceArn=state.arn, tags=pairs)
