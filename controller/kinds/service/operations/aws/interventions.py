"""Carry out what a person asks for by hand: back, on, anew, once more.

What is to be done is written into tags before it is done. Whoever dies in between
leaves a controller that waits, not one that rolls forward again, and a restart that is
known to have come to be, or not.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import NotFoundError, PermanentError
from controller.core.resources.driver import Applied, Progressing
from controller.core.resources.plan import Action, Verb
from controller.core.resources.request import OperationRequest
from controller.kinds.service.aws.services import EcsServices
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.operations.requests import (
    asked_before,
    failed_deployment,
    gave_up,
    inactive,
    restarted_tags,
    retried_tags,
    set_aside_tags,
    stopped_revisions,
    tag_text,
    was_restarted,
)
from controller.kinds.service.render.fingerprint import is_wanted, wanted
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
_ONCE_MORE = Applied("The step that failed is run once more by the next pass.")


class Interventions:
    """Writes; every method may be repeated and raises DriverError."""

    def __init__(
        self, aws: Aws, ecs: EcsServices, clock: Clock, before: OneOffSteps
    ) -> None:
        self._aws = aws
        self._before = before
        self._ecs = ecs
        self._clock = clock

    def apply(self, action: Action, request: OperationRequest) -> Applied | Progressing:
        """Do what ``request`` asks for."""
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
                self.forget_set_aside(state.arn)
                return Applied("What is declared is rolled out by the next pass.")

    def forget_set_aside(self, arn: str) -> None:
        """Let what is declared be rolled out again."""
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
        return Progressing(_SOON, f"ECS goes back to {request.wanted}.")

    def _restart(
        self, request: OperationRequest, spec: ServiceSpec, state: ServiceState
    ) -> Progressing:
        self._refuse_inactive(spec, state)
        now, at = self._service(spec), self._clock.now()
        tags = restarted_tags(request, now, at)
        if not was_restarted(now, since=state.settings):
            if not asked_before(tags, now):
                self._tag(state, tags)
            now = self._update(spec, forceNewDeployment=True)
        self._tag(state, {RESTARTED: tags[RESTARTED], **deployment_tag(now)})
        return Progressing(_SOON, "ECS replaces the tasks.")

    def _retry(
        self, request: OperationRequest, spec: ServiceSpec, state: ServiceState
    ) -> Applied:
        """Forgive what failed: whoever finds the tag rolls out what is declared."""
        for revision in stopped_revisions(spec, state):
            if self._before.once_more(spec, revision, tag_text(str(request))):
                return _ONCE_MORE
        if gave_up(state):
            self._refuse_inactive(spec, state)
        if failed := failed_deployment(spec, state):
            self._tag(state, retried_tags(request, failed))
        return Applied("What is declared is tried again by the next pass.")

    def retry_before(self, spec: ServiceSpec, request: OperationRequest) -> Applied:
        """Have a step run once more that keeps a service from being made.

        Raises PermanentError if none does.
        """
        for revision in self._ecs.equal_revisions(spec.name, wanted(spec))[:1]:
            if self._before.once_more(spec, revision, tag_text(str(request))):
                return _ONCE_MORE
        msg = (
            f"{spec.name} does not exist, and no step before it failed: `hokusai apply`"
        )
        raise PermanentError(msg)

    def _refuse_inactive(self, spec: ServiceSpec, state: ServiceState) -> None:
        """Raise PermanentError if what is in place was deregistered meanwhile.

        What was seen of a revision is kept for ever; only this may have changed since.
        """
        answer = self._aws.call(
            "ecs", "DescribeTaskDefinition", taskDefinition=state.definition_arn
        )
        if answer["taskDefinition"].get("status") == "INACTIVE":
            raise PermanentError(inactive(spec, state))

    def _check(self, key: str, name: str, spec: ServiceSpec) -> None:
        """Raise PermanentError unless ECS takes the revision ``name`` and we may."""
        try:
            answer = self._aws.call(
                "ecs", "DescribeTaskDefinition", taskDefinition=name
            )
        except NotFoundError as error:
            msg = f"{name} does not exist: see `hokusai history` for what does"
            raise NotFoundError(msg) from error
        found = answer["taskDefinition"]
        status = found.get("status", "ACTIVE")
        if status != "ACTIVE":
            msg = f"{name} is {status}: ECS starts no tasks of it any more"
            raise PermanentError(msg)
        if is_wanted(spec, self._ecs.definition(found["taskDefinitionArn"])):
            msg = (
                f"{name} is what is declared: `hokusai apply` puts it in place or, if "
                f"it was rejected, `hokusai retry service/{key} --reason TEXT`"
            )
            raise PermanentError(msg)

    def _service(self, spec: ServiceSpec) -> Mapping[str, Any]:
        """Return the service as it is at this moment."""
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
