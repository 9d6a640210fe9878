"""Create, update and delete services in ECS.

Every method may be repeated and raises DriverError.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import ConflictError, PermanentError, TransientError
from controller.core.resources.driver import Applied, Progressing, Waiting
from controller.core.resources.observation import Ownership
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.ownership import ownership_of
from controller.core.resources.plan import Action, Verb
from controller.core.values.identity import DEPLOYMENT_TAG
from controller.kinds.service.attachments.aws.facets import Facets
from controller.kinds.service.attachments.aws.leftovers import LeftoverCleanup
from controller.kinds.service.attachments.aws.service_tags import ServiceTagWriter
from controller.kinds.service.aws.revisions import Revisions
from controller.kinds.service.aws.services import EcsServices, exists
from controller.kinds.service.aws.undeclared import UndeclaredServices
from controller.kinds.service.compare.facets import need_no_update
from controller.kinds.service.compare.update import is_forced, update_parameters
from controller.kinds.service.discovery.aws.cloud_map import CloudMap
from controller.kinds.service.images.aws.observer import ImageObserver
from controller.kinds.service.lifecycle.creation_token import creation_token
from controller.kinds.service.operations.aws.interventions import Interventions
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.operations.requests import is_hold_obsolete
from controller.kinds.service.render.effective import effective_spec
from controller.kinds.service.render.revision_tags import needs_revision
from controller.kinds.service.render.service import creation
from controller.kinds.service.rollout.forced_deployments import ForcedDeployments
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
        forced: Forced deployments that reads may not show yet.
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
    forced: ForcedDeployments

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
        """Register the revision, run the steps before it, and create the service.

        Safe to repeat while reads do not show the service: a repeat has the same client
        token. A refused repeat is not a failure, since the service exists.
        """
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
        predecessor = self.ecs.services(spec.cluster, [spec.name]).get(spec.name)
        if exists(predecessor):
            return Waiting(CHECK_AFTER, f"{spec.name} was created meanwhile.")
        token = creation_token(action, spec, predecessor)
        try:
            self.aws.call("ecs", "CreateService", clientToken=token, **parameters)
        except ConflictError:
            # An earlier request with other parameters, such as another image digest,
            # created it. The next pass that reads it updates it.
            return Waiting(
                CHECK_AFTER, f"{spec.name} exists; ECS does not show it yet."
            )
        self.facets.created(spec)
        return Progressing(
            CHECK_AFTER, "The service was created; ECS starts its tasks."
        )

    def update(
        self, action: Action, spec: ServiceSpec, state: ServiceState
    ) -> Applied | Progressing | Waiting:
        """Carry out the changes of ``action``. The rollout continues afterwards."""
        if is_forced(action) and self.forced.is_hidden(state):
            return Waiting(CHECK_AFTER, "ECS does not show the last deployment yet.")
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
            tags |= self._deployed(action, spec, state, parameters)
        elif trial:
            # Not counted as a repair: nothing was set yet.
            return Waiting(TRIAL_CHECK_AFTER, trial)
        elif need_no_update(paths) and carries(state.settings, tags):
            return Applied()
        else:
            # An earlier pass stopped before it recorded the current deployment.
            tags |= deployment_tag(state.settings)
        self._finish(action, state, tags, forced="forceNewDeployment" in parameters)
        if action.disruptive:
            return Progressing(CHECK_AFTER, "ECS replaces the tasks.")
        return Applied()

    def _deployed(
        self,
        action: Action,
        spec: ServiceSpec,
        state: ServiceState,
        parameters: Mapping[str, Any],
    ) -> dict[str, str]:
        """Update the service and return the tag of the current deployment."""
        answer = self.aws.call(
            "ecs",
            "UpdateService",
            cluster=spec.cluster,
            service=spec.name,
            **parameters,
        )
        started = deployment_tag(answer["service"])
        if is_forced(action):
            self.forced.started(state.arn, started.get(DEPLOYMENT_TAG, ""))
        return started

    def _finish(
        self,
        action: Action,
        state: ServiceState,
        tags: Mapping[str, str],
        *,
        forced: bool,
    ) -> None:
        """Write the tags after an update; ``forced`` if it started a deployment.

        Another attempt at a forced one would start another deployment. The mark is
        written, so the next pass writes the tags, as after a crash at this point.
        """
        try:
            self.tags.remove(state, action.changes)
            if is_hold_obsolete(action.desired, state.settings):
                self.interventions.end_hold(state.arn)
            self.tags.put(state, tags)
        except TransientError:
            if not forced:
                raise

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
