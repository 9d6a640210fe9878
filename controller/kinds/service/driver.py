"""Services in ECS: look, register, create, update, delete."""

from collections.abc import Callable, Mapping
from typing import Any

from controller.clients.fetch import fetch
from controller.clients.probe import Probe
from controller.core.clock import Clock
from controller.core.dependencies import Aws, Dependencies, NameResolver
from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.planning.preflight import Results
from controller.core.resources.details import DetailSection
from controller.core.resources.driver import Applied, Progressing, Waiting
from controller.core.resources.observation import Observation
from controller.core.resources.plan import Action
from controller.kinds.service.attachments.aws.facets import Facets
from controller.kinds.service.attachments.aws.leftovers import LeftoverCleanup
from controller.kinds.service.attachments.aws.routes import Routes
from controller.kinds.service.attachments.aws.service_tags import ServiceTagWriter
from controller.kinds.service.aws.revision_tags import RevisionTags
from controller.kinds.service.aws.revisions import Revisions
from controller.kinds.service.aws.tasks import SharedClusterTasks
from controller.kinds.service.aws.undeclared import UndeclaredServices
from controller.kinds.service.discovery.aws.cloud_map import CloudMap
from controller.kinds.service.discovery.aws.registrations import Registrations
from controller.kinds.service.images.aws.details import images
from controller.kinds.service.images.aws.observer import ImageObserver
from controller.kinds.service.lifecycle.aws import ServiceLifecycle
from controller.kinds.service.logs.aws.groups import LogGroups
from controller.kinds.service.observation.aws import ServiceObserver
from controller.kinds.service.operations.aws.interventions import Interventions
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.queries.aws.queries import ServiceQueries
from controller.kinds.service.rollout.aws.readiness import Readiness
from controller.kinds.service.routes.aws.leftovers import Leftovers
from controller.kinds.service.routes.aws.load_balancers import LoadBalancers
from controller.kinds.service.scaling.aws import Scaling

_KIND = "service"
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
        fetch: Callable[[str], bytes] = fetch,
    ) -> None:
        self._declared = declared
        self._fetch = fetch
        super().__init__(aws, platform, clock)
        self._map = CloudMap(aws)
        self._owner = owner = platform.owner
        self._marking = ServiceTagWriter(aws, owner)
        steps = OneOffSteps(aws)
        interventions = Interventions(aws, self._ecs, clock, steps)
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
        self._fresh = fresh = ImageObserver(aws, clock, thorough=thorough)
        self._lifecycle = ServiceLifecycle(
            aws,
            owner,
            self._ecs,
            self._map,
            Revisions(aws, self._ecs, owner),
            steps,
            self._facets,
            self._marking,
            interventions,
            self._undeclared,
            self._clearing,
            fresh,
        )
        readiness = Readiness(aws, self._fleet, clock, resolver, Probe())
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
        """Carry out ``action``. A rollout continues after this returns."""
        return self._lifecycle.apply(action)

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
