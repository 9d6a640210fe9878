"""Services in ECS: look, register, create, update, delete."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from controller.clients.fetch import fetched
from controller.clients.probe import Probe
from controller.core.clock import Clock
from controller.core.dependencies import Aws, Dependencies, NameResolver
from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import PermanentError, TransientError
from controller.core.planning.preflight import Results
from controller.core.resources.details import DetailSection
from controller.core.resources.driver import Applied, Progressing, Waiting
from controller.core.resources.observation import Observation, Ownership
from controller.core.resources.ownership import ownership_of
from controller.core.resources.plan import Action, Verb
from controller.core.resources.request import OperationRequest
from controller.kinds.service.attachments.aws.facets import Facets
from controller.kinds.service.attachments.aws.leftovers import LeftoverCleanup
from controller.kinds.service.attachments.aws.routes import Routes
from controller.kinds.service.attachments.aws.service_tags import ServiceTagWriter
from controller.kinds.service.aws.revision_tags import RevisionTags
from controller.kinds.service.aws.revisions import Revisions
from controller.kinds.service.aws.tasks import SharedClusterTasks
from controller.kinds.service.aws.undeclared import UndeclaredServices
from controller.kinds.service.compare.facets import need_no_update
from controller.kinds.service.compare.update import update_parameters
from controller.kinds.service.discovery.aws.cloud_map import CloudMap
from controller.kinds.service.discovery.aws.registrations import Registrations
from controller.kinds.service.images.aws.details import images
from controller.kinds.service.images.aws.observer import ImageObserver
from controller.kinds.service.logs.aws.groups import LogGroups
from controller.kinds.service.observation.aws import ServiceObserver
from controller.kinds.service.operations.aws.interventions import Interventions
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.operations.requests import is_outdated
from controller.kinds.service.queries.aws.queries import ServiceQueries
from controller.kinds.service.render.effective import settled
from controller.kinds.service.render.revision_tags import needs_revision
from controller.kinds.service.render.service import creation
from controller.kinds.service.rollout.aws.readiness import Readiness
from controller.kinds.service.routes.attachment import route_tags
from controller.kinds.service.routes.aws.leftovers import Leftovers
from controller.kinds.service.routes.aws.load_balancers import LoadBalancers
from controller.kinds.service.scaling.aws import Scaling
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import ServiceUpdate
from controller.kinds.service.state.service import LEFTOVER, ServiceState
from controller.kinds.service.state.tags import (
    as_pairs,
    carries,
    deployment_tag,
    tags_of,
)

_KIND = "service"
CHECK_AFTER = timedelta(seconds=1)
Declared = Mapping[ResourceId, Resource[Any]]


def connect(dependencies: Dependencies) -> "ServiceDriver":
    """Return the driver."""
    return ServiceDriver(
        dependencies.aws,
        dependencies.platform,
        dependencies.clock,
        resolver=dependencies.resolver,
        thorough=dependencies.thorough,
        declared=dependencies.declared,
    )


class ServiceDriver(ServiceQueries):
    """Where the kind meets AWS; see ``core.driver.Driver``."""

    def __init__(
        self,
        aws: Aws,
        platform: Platform,
        clock: Clock,
        *,
        resolver: NameResolver | None = None,
        thorough: bool = True,
        declared: Callable[[], Declared] = dict,
        fetch: Callable[[str], bytes] = fetched,
    ) -> None:
        self._declared = declared
        self._fetch = fetch
        super().__init__(aws, platform, clock)
        self._map = CloudMap(aws)
        self._owner = owner = platform.owner
        self._revisions = Revisions(aws, self._ecs, owner)
        self._marking = ServiceTagWriter(aws, owner)
        self._before = OneOffSteps(aws)
        self._by_hand = Interventions(aws, self._ecs, clock, self._before)
        self._undeclared = UndeclaredServices(aws, self._ecs, platform, clock, declared)
        self._fleet = SharedClusterTasks(aws)
        balancers = LoadBalancers(aws, owner, clock)
        leftovers = Leftovers(aws, platform, clock)
        self._clearing = LeftoverCleanup(leftovers, balancers, platform)
        self._registrations = Registrations(
            aws, owner, clock, self._fleet, thorough=thorough
        )
        self._facets = Facets(
            RevisionTags(aws, clock),
            self._registrations,
            LogGroups(aws, owner, clock),
            Routes(aws, platform, balancers),
            Scaling(aws),
        )
        readiness = Readiness(aws, self._fleet, clock, resolver, Probe())
        self._fresh = fresh = ImageObserver(aws, clock, thorough=thorough)
        self._observer = ServiceObserver(
            aws,
            platform,
            self._ecs,
            self._map,
            clock,
            readiness if thorough else None,
            self._undeclared,
            fresh,
        )

    def observe(self, declared: Declared) -> Mapping[ResourceId, Observation]:
        """Return the declared services, ceil(n/10) calls a cluster when all is well."""
        self._fleet.forget()
        seen = self._marking.recalled(self._observer.observe(declared))
        everything = {**self._all_services(), **declared}
        with_groups, undeclared = self._clearing.seen(everything, seen)
        return {**self._facets.observed(declared, seen, with_groups), **undeclared}

    def apply(self, action: Action) -> Applied | Progressing | Waiting:
        """Make the service as declared. The rollout goes on after we return."""
        if action.request is not None:
            return self._asked_by_hand(action, action.request)
        if action.verb is Verb.DELETE:
            return self._delete(action.observed)
        spec: ServiceSpec = action.desired
        state: ServiceState | None = action.observed
        if state is None:
            return self._create(action, self._fresh.to_create(spec))
        if action.verb is Verb.REPLACE:
            self._delete(state)
            return Progressing(CHECK_AFTER, "The old service is being deleted.")
        return self._update(action, settled(spec, state), state)

    def _asked_by_hand(
        self, action: Action, request: OperationRequest
    ) -> Applied | Progressing | Waiting:
        if action.observed is None:
            spec = self._fresh.to_create(action.desired)
            return self._by_hand.retry_before(spec, request)
        return self._by_hand.apply(action, request)

    def details(self, resource: Resource[Any]) -> tuple[DetailSection, ...]:
        """Return what there is to see of one service; see ``core.details``."""
        sections = super().details(resource)
        return (*sections, images(self._aws, self._ecs, self._clock, resource))

    def inspect(self, resources: Declared) -> Results:
        """Return what is to be said of what services rest on; see ``core.preflight``.

        One look for all of them: what several share is asked once.
        """
        # Only what is about to deploy, or looks around, needs the checks.
        from controller.kinds.service.preflight.aws.collector import Collector
        from controller.kinds.service.preflight.catalog import results_of

        around = {**self._all_services(), **resources}
        services = {id_: r.spec for id_, r in around.items()}
        specs = tuple(resource.spec for resource in resources.values())
        look = Collector(self._aws, self._ecs, self._owner, self._fetch)
        facts = look.facts(specs, services)
        return {id_: results_of(r.spec, facts) for id_, r in resources.items()}

    def _all_services(self) -> Declared:
        """Return every service of the document; a pass may be about less."""
        return {id_: r for id_, r in self._declared().items() if id_.kind == _KIND}

    def _create(self, action: Action, spec: ServiceSpec) -> Progressing | Waiting:
        revision = self._revision(spec)
        if waits := self._before.waits(action.target.name, spec, revision):
            return Waiting(CHECK_AFTER, waits)
        tags = {**self._marking.of(spec, action.generation), **route_tags(spec)}
        parameters: dict[str, Any] = {
            **creation(spec),
            "cluster": spec.cluster,
            "serviceName": spec.name,
            "taskDefinition": revision,
            "tags": as_pairs(tags),
        }
        if spec.discovery:
            parameters["serviceRegistries"] = [{"registryArn": self._map.ensure(spec)}]
        parameters |= self._facets.creation(spec)
        self._aws.call("ecs", "CreateService", **parameters)
        self._facets.created(spec)
        return Progressing(CHECK_AFTER, "The service was created; its tasks start.")

    def _update(
        self, action: Action, spec: ServiceSpec, state: ServiceState
    ) -> Applied | Progressing | Waiting:
        paths = tuple(change.path for change in action.changes)
        revision = state.definition_arn
        if any(map(needs_revision, paths)):
            revision = self._revision(spec)
            if waits := self._before.waits(action.target.name, spec, revision):
                return Waiting(CHECK_AFTER, waits)
        self._marking.before(action, spec, state)
        parameters = self._facets.update(ServiceUpdate(spec, state, paths, revision))
        if "discovery" in paths:
            parameters["serviceRegistries"] = [{"registryArn": self._map.ensure(spec)}]
        parameters |= update_parameters(action, spec, revision)
        tags = self._marking.of(spec, action.generation)
        if parameters:
            answer = self._aws.call(
                "ecs",
                "UpdateService",
                cluster=spec.cluster,
                service=spec.name,
                **parameters,
            )
            tags |= deployment_tag(answer["service"])
        elif need_no_update(paths) and carries(state.settings, tags):
            return Applied()
        else:
            # Whoever died before the stamp left the deployment that is there.
            tags |= deployment_tag(state.settings)
        try:
            self._finish(action, spec, state, tags)
        except TransientError:
            # Once more would be one more deployment. The mark is there: the next pass
            # stamps, as it does for whoever dies here.
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
        self._marking.remove(state, action.changes)
        if is_outdated(spec, state.settings):
            self._by_hand.forget_set_aside(state.arn)
        self._marking.put(state, tags)

    def _revision(self, spec: ServiceSpec) -> str:
        """Return the ARN of the revision that ``spec`` asks for; register it if new."""
        self._facets.prepare(spec)
        return self._revisions.ensure(spec)

    def _delete(self, state: ServiceState) -> Applied | Progressing:
        if state.status == LEFTOVER:
            self._clearing.clear(state)
            return Applied()
        cluster, name = state.settings["clusterArn"], state.settings["serviceName"]
        self._refuse_others(cluster, name)
        self._undeclared.forget()
        self._facets.delete(state)
        self._aws.call(
            "ecs", "DeleteService", cluster=cluster, service=state.arn, force=True
        )
        return Progressing(CHECK_AFTER, "ECS stops the tasks and deletes the service.")

    def _refuse_others(self, cluster: str, name: str) -> None:
        """Raise PermanentError unless the service carries our tag at this moment."""
        for service in self._ecs.services(cluster, [name]).values():
            tags = tags_of(service)
            if ownership_of(tags, self._owner) is Ownership.MANAGED:
                return
        msg = f"{name} is not deleted: it does not carry our tag any more"
        raise PermanentError(msg)
