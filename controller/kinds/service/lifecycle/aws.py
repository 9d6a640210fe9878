"""Create, update and delete services in ECS.

Every method may be repeated and raises DriverError.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import PermanentError, TransientError
from controller.core.resources.driver import Applied, Progressing, Waiting
from controller.core.resources.observation import Ownership
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.ownership import ownership_of
from controller.core.resources.plan import Action, Verb
from controller.kinds.service.attachments.aws.facets import Facets
from controller.kinds.service.attachments.aws.leftovers import LeftoverCleanup
from controller.kinds.service.attachments.aws.service_tags import ServiceTagWriter
from controller.kinds.service.aws.revisions import Revisions
from controller.kinds.service.aws.services import EcsServices
from controller.kinds.service.aws.undeclared import UndeclaredServices
from controller.kinds.service.compare.facets import need_no_update
from controller.kinds.service.compare.update import update_parameters
from controller.kinds.service.discovery.aws.cloud_map import CloudMap
from controller.kinds.service.images.aws.observer import ImageObserver
from controller.kinds.service.operations.aws.interventions import Interventions
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.operations.requests import is_hold_obsolete
from controller.kinds.service.render.effective import effective_spec
from controller.kinds.service.render.revision_tags import needs_revision
from controller.kinds.service.render.service import creation
from controller.kinds.service.routes.attachment import check_wait, route_tags
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import ServiceUpdate
from controller.kinds.service.state.service import LEFTOVER, ServiceState
from controller.kinds.service.tags import (
    as_pairs,
    carries,
    deployment_tag,
    tags_of,
)

CHECK_AFTER = timedelta(seconds=1)
# Least interval of the health checks of a target group.
TRIAL_CHECK_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class ServiceLifecycle:
    """Writes of services, with their facets and tags.

    Attributes:
        aws: Client for AWS.
        owner: Value of the ownership tag.
        ecs: Reads of services.
        cloud_map: Discovery names.
        revisions: Task definitions.
        steps: One-off steps before a rollout.
        facets: Facets of a service, such as routes.
        tags: Tags of services.
        interventions: Requested operations.
        undeclared: Services that are not declared.
        leftovers: Target groups without a service.
        images: Images and secret versions.
    """

    aws: Aws
    owner: str
    ecs: EcsServices
    cloud_map: CloudMap
    revisions: Revisions
    steps: OneOffSteps
    facets: Facets
    tags: ServiceTagWriter
    interventions: Interventions
    undeclared: UndeclaredServices
    leftovers: LeftoverCleanup
    images: ImageObserver

    def apply(self, action: Action) -> Applied | Progressing | Waiting:
        """Carry out ``action``. A rollout continues after this returns."""
        if action.request is not None:
            return self._intervene(action, action.request)
        if action.verb is Verb.DELETE:
            return self.delete(action.observed)
        spec: ServiceSpec = action.desired
        state: ServiceState | None = action.observed
        if state is None:
            return self.create(action, self.images.to_create(spec))
        if action.verb is Verb.REPLACE:
            self.delete(state)
            return Progressing(CHECK_AFTER, "The old service is being deleted.")
        return self.update(action, effective_spec(spec, state), state)

    def _intervene(
        self, action: Action, request: OperationRequest
    ) -> Applied | Progressing | Waiting:
        if action.observed is None:
            spec = self.images.to_create(action.desired)
            return self.interventions.retry_creation(spec, request)
        return self.interventions.apply(action, request)

    def create(self, action: Action, spec: ServiceSpec) -> Progressing | Waiting:
        """Register the revision, run the steps before it, and create the service."""
        revision = self._revision(spec)
        if waits := self.steps.waits(action.target.name, spec, revision):
            return Waiting(CHECK_AFTER, waits)
        tags = {**self.tags.of(spec, action.generation), **route_tags(spec)}
        parameters: dict[str, Any] = {
            **creation(spec),
            "cluster": spec.cluster,
            "serviceName": spec.name,
            "taskDefinition": revision,
            "tags": as_pairs(tags),
        }
        if spec.discovery:
            parameters["serviceRegistries"] = [
                {"registryArn": self.cloud_map.ensure(spec)}
            ]
        parameters |= self.facets.creation(spec)
        self.aws.call("ecs", "CreateService", **parameters)
        self.facets.created(spec)
        return Progressing(
            CHECK_AFTER, "The service was created; ECS starts its tasks."
        )

    def update(
        self, action: Action, spec: ServiceSpec, state: ServiceState
    ) -> Applied | Progressing | Waiting:
        """Carry out the changes of ``action``. The rollout continues afterwards."""
        paths = tuple(change.path for change in action.changes)
        revision = state.definition_arn
        if any(map(needs_revision, paths)):
            revision = self._revision(spec)
            if waits := self.steps.waits(action.target.name, spec, revision):
                return Waiting(CHECK_AFTER, waits)
        self.tags.put_marks(action, spec, state)
        parameters = self.facets.update(ServiceUpdate(spec, state, paths, revision))
        trial = check_wait(
            spec,
            state.routing,
            state.settings,
            runs_declared=revision == state.definition_arn,
        )
        if "discovery" in paths:
            parameters["serviceRegistries"] = [
                {"registryArn": self.cloud_map.ensure(spec)}
            ]
        parameters |= update_parameters(action, spec, revision)
        tags = self.tags.of(spec, action.generation)
        if parameters:
            answer = self.aws.call(
                "ecs",
                "UpdateService",
                cluster=spec.cluster,
                service=spec.name,
                **parameters,
            )
            tags |= deployment_tag(answer["service"])
        elif trial:
            # Not counted as a repair: nothing was set yet.
            return Waiting(TRIAL_CHECK_AFTER, trial)
        elif need_no_update(paths) and carries(state.settings, tags):
            return Applied()
        else:
            # An earlier pass stopped before it recorded the current deployment.
            tags |= deployment_tag(state.settings)
        try:
            self._finish(action, spec, state, tags)
        except TransientError:
            # Another attempt would start another deployment. The mark is written, so
            # the next pass writes the tags, as it does after a crash at this point.
            if "forceNewDeployment" not in parameters:
                raise
        if action.disruptive:
            return Progressing(CHECK_AFTER, "ECS replaces the tasks.")
        return Applied()

    def _finish(
        self,
        action: Action,
        spec: ServiceSpec,
        state: ServiceState,
        tags: Mapping[str, str],
    ) -> None:
        self.tags.remove(state, action.changes)
        if is_hold_obsolete(spec, state.settings):
            self.interventions.end_hold(state.arn)
        self.tags.put(state, tags)

    def _revision(self, spec: ServiceSpec) -> str:
        """Return the ARN of the declared revision; register it if it is new."""
        self.facets.prepare(spec)
        return self.revisions.ensure(spec)

    def delete(self, state: ServiceState) -> Applied | Progressing:
        """Delete a service, or a target group that a service left behind.

        Raises PermanentError if the service does not have the ownership tag.
        """
        if state.status == LEFTOVER:
            self.leftovers.remove(state)
            return Applied()
        cluster, name = state.settings["clusterArn"], state.settings["serviceName"]
        self._refuse_others(cluster, name)
        self.undeclared.forget()
        self.facets.delete(state)
        self.aws.call(
            "ecs", "DeleteService", cluster=cluster, service=state.arn, force=True
        )
        return Progressing(CHECK_AFTER, "ECS stops the tasks and deletes the service.")

    def _refuse_others(self, cluster: str, name: str) -> None:
        """Read the tags again; raise PermanentError without the ownership tag."""
        for service in self.ecs.services(cluster, [name]).values():
            tags = tags_of(service)
            if ownership_of(tags, self.owner) is Ownership.MANAGED:
                return
        msg = f"{name} was not deleted: it no longer has this controller's tag"
        raise PermanentError(msg)
