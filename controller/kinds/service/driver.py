"""The driver of services, which wires the parts that read and write AWS."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from controller.clients.fetch import fetch
from controller.clients.probe import Probe
from controller.core.clock import Clock
from controller.core.dependencies import Aws, Dependencies, NameResolver
from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.planning.preflight import (
    EVERYTHING,
    CheckUnknown,
    Result,
    Results,
)
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
from controller.kinds.service.images.aws.observer import ImageObserver
from controller.kinds.service.lifecycle.aws import ServiceLifecycle
from controller.kinds.service.logs.aws.groups import LogGroups
from controller.kinds.service.observation.aws import ServiceObserver
from controller.kinds.service.operations.aws.interventions import Interventions
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.queries.aws.queries import ServiceQueries
from controller.kinds.service.rollout.aws.readiness import Readiness
from controller.kinds.service.rollout.forced_deployments import ForcedDeployments
from controller.kinds.service.routes.aws.leftovers import Leftovers
from controller.kinds.service.routes.aws.load_balancers import LoadBalancers
from controller.kinds.service.scaling.aws import Scaling

log = logging.getLogger(__name__)

_KIND = "service"
Declared = Mapping[ResourceId, Resource[Any]]


def connect(dependencies: Dependencies) -> "ServiceDriver":
    """Return the driver of services with its clients."""
    return ServiceDriver(
        dependencies.aws,
        dependencies.platform,
        dependencies.clock,
        resolver=dependencies.resolver,
        thorough=dependencies.thorough,
        declared=dependencies.declared,
        published=dependencies.published_parameters,
    )


class ServiceDriver(ServiceQueries):
    """The driver of the service kind; see ``core.resources.driver.Driver``."""

    def __init__(
        self,
        aws: Aws,
        platform: Platform,
        clock: Clock,
        *,
        resolver: NameResolver | None = None,
        thorough: bool = True,
        declared: Callable[[], Declared] = dict,
        published: Callable[[], frozenset[str]] = frozenset,
        fetch: Callable[[str], bytes] = fetch,
    ) -> None:
        self._declared = declared
        self._fetch = fetch
        super().__init__(aws, platform, clock)
        self._cloud_map = CloudMap(aws)
        self._owner = owner = platform.owner
        forced = ForcedDeployments(clock)
        self._tags = ServiceTagWriter(aws, owner, forced)
        steps = OneOffSteps(aws)
        interventions = Interventions(aws, self._ecs, clock, steps)
        self._undeclared = UndeclaredServices(aws, self._ecs, platform, clock, declared)
        self._tasks = SharedClusterTasks(aws)
        balancers = LoadBalancers(aws, owner, clock, self._tasks)
        leftovers = Leftovers(aws, platform, clock)
        self._leftovers = LeftoverCleanup(leftovers, balancers, platform)
        self._registrations = Registrations(
            aws, owner, clock, self._tasks, thorough=thorough
        )
        self._facets = Facets(
            RevisionTags(aws, clock),
            self._registrations,
            LogGroups(aws, owner, clock),
            Routes(aws, platform, balancers),
            Scaling(aws),
        )
        self._published = published
        self._images = ImageObserver(aws, clock, thorough=thorough, published=published)
        self._lifecycle = ServiceLifecycle(
            aws,
            owner,
            self._ecs,
            self._cloud_map,
            Revisions(aws, self._ecs, owner),
            steps,
            self._facets,
            self._tags,
            interventions,
            self._undeclared,
            self._leftovers,
            self._images,
            forced,
        )
        readiness = Readiness(aws, self._tasks, clock, resolver, Probe())
        self._observer = ServiceObserver(
            aws,
            platform,
            self._ecs,
            self._cloud_map,
            clock,
            readiness if thorough else None,
            self._undeclared,
            self._images,
        )

    def observe(self, declared: Declared) -> Mapping[ResourceId, Observation]:
        """Return the declared services and undeclared ones that can be deleted.

        Takes ceil(n/10) calls per cluster while all services are healthy; see
        ``call_budget`` of the kind.
        """
        self._tasks.forget()
        found = self._tags.completed(self._observer.observe(declared))
        everything = {**self._all_services(), **declared}
        with_groups, undeclared = self._leftovers.observe(everything, found)
        return {**self._facets.observed(declared, found, with_groups), **undeclared}

    def apply(self, action: Action) -> Applied | Progressing | Waiting:
        """Carry out ``action``. A rollout continues after this returns."""
        return self._lifecycle.apply(action)

    def inspect(self, resources: Declared) -> Results:
        """Check the prerequisites of services; see ``core.planning.preflight``.

        Facts that several services share are read once.
        """
        # Imported here: only rollouts and the `preflight` command need the checks.
        from controller.kinds.service.preflight.aws.collector import Collector
        from controller.kinds.service.preflight.catalog import results_of

        everything = {**self._all_services(), **resources}
        services = {id_: r.spec for id_, r in everything.items()}
        specs = tuple(resource.spec for resource in resources.values())
        collector = Collector(self._aws, self._ecs, self._owner, self._fetch)
        facts = replace(collector.facts(specs, services), published=self._published())
        found: dict[ResourceId, tuple[Result, ...]] = {}
        for id_, resource in resources.items():
            try:
                found[id_] = results_of(resource.spec, facts)
            except Exception as error:
                # The checks of one service must not stop those of the others.
                log.exception(
                    "the checks of a service failed", extra={"resource": str(id_)}
                )
                reason = f"The checks failed unexpectedly: {type(error).__name__}."
                found[id_] = (CheckUnknown(EVERYTHING, reason, temporary=True),)
        return found

    def _all_services(self) -> Declared:
        """Return all declared services; a pass may cover fewer."""
        return {id_: r for id_, r in self._declared().items() if id_.kind == _KIND}
