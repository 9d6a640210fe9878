"""Registrations of tasks in Cloud Map, compared with the running tasks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from controller.clients.aws.cloud_map import CloudMapReader, instance_address
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import DriverError, NotFoundError
from controller.core.values.identity import OWNER_TAG
from controller.kinds.service.aws.tasks import ClusterTasks
from controller.kinds.service.discovery.registration import (
    PATH,
    RegisteredInstances,
    registration_of,
)
from controller.kinds.service.state.facet import (
    FacetDriver,
    Found,
    Parameters,
    Services,
    ServiceUpdate,
)
from controller.kinds.service.state.service import DiscoveryRegistration, ServiceState
from controller.kinds.service.state.task import Task

# Time between two reads of services that are healthy.
EVERY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ObservedRegistrations:
    """A service that registers its tasks.

    Attributes:
        name: Name in ECS.
        cluster: Name of the cluster.
        registry: ARN of the Cloud Map service.
        running: Number of running tasks, from DescribeServices.
        is_changing: True during a rollout, or if tasks are missing.
    """

    name: str
    cluster: str
    registry: str
    running: int
    is_changing: bool

    @classmethod
    def of(
        cls, state: ServiceState, name: str, cluster: str
    ) -> "ObservedRegistrations | None":
        """Return the service of ``state``; None if it does not register its tasks."""
        registries = state.settings.get("serviceRegistries", ())
        primary = state.primary
        if not registries or primary is None or state.status != "ACTIVE":
            return None
        is_steady = primary.rollout == "COMPLETED" and state.running >= state.desired
        arn = str(registries[0]["registryArn"])
        return cls(name, cluster, arn, state.running, not is_steady)


class Registrations(FacetDriver):
    """Registrations as a facet: reads them, and deregisters stale instances.

    One ListInstances per registry, and ListTasks and DescribeTasks per hundred tasks: in
    each pass for services that change or are inconsistent, and once a minute for all.
    """

    def __init__(
        self,
        aws: Aws,
        owner: str,
        clock: Clock,
        fleet: ClusterTasks,
        *,
        thorough: bool = True,
    ) -> None:
        self._aws = aws
        self._cloud_map = CloudMapReader(aws)
        self._fleet = fleet
        self._thorough = thorough
        self._owner = owner
        self._clock = clock
        self._read_all_at: float | None = None
        self._previous: dict[str, RegisteredInstances] = {}
        self._known: dict[str, DiscoveryRegistration] = {}
        self._due: set[str] = set()
        self._managed: dict[str, bool] = {}

    def observe(self, services: Services) -> Found:
        """Return the states with their registrations; none where ``thorough`` is off."""
        if not self._thorough:
            return {}
        registering = (
            ObservedRegistrations.of(s.state, s.spec.name, s.spec.cluster)
            for s in services.values()
            if s.spec.discovery
        )
        found = self.registrations([one for one in registering if one is not None])
        return {
            id_: replace(service.state, registration=found[service.spec.name])
            for id_, service in services.items()
            if service.spec.name in found
        }

    def update(self, update: ServiceUpdate) -> Parameters:
        """Deregister stale instances."""
        if PATH in update.paths:
            registry = update.state.settings["serviceRegistries"][0]["registryArn"]
            self.deregister(registry, update.state.registration)
        return {}

    def registrations(
        self, services: Collection[ObservedRegistrations]
    ) -> Mapping[str, DiscoveryRegistration]:
        """Return the registration of each service, read again if that is due.

        Reads only. After a failed read, the last result has the error in ``unseen``.
        """
        now = self._clock.monotonic()
        # Two reads must agree, so the first read of all is only due after a minute.
        since = now if self._read_all_at is None else self._read_all_at
        everything = now - since >= EVERY.total_seconds()
        self._read_all_at = now if everything else since
        due = [s for s in services if self._is_due(s, everything=everything)]
        by_cluster: defaultdict[str, list[ObservedRegistrations]] = defaultdict(list)
        for service in due:
            by_cluster[service.cluster].append(service)
        for cluster, of_cluster in by_cluster.items():
            self._read(cluster, of_cluster)
        self._due |= {service.name for service in services if service.is_changing}
        return {
            s.name: self._known.get(s.name, DiscoveryRegistration()) for s in services
        }

    def deregister(self, registry: str, registration: DiscoveryRegistration) -> None:
        """Deregister stale instances. Safe to repeat; raises DriverError."""
        for instance, _ in registration.stale:
            try:
                self._aws.call(
                    "servicediscovery",
                    "DeregisterInstance",
                    ServiceId=_id(registry),
                    InstanceId=instance,
                )
            except NotFoundError:
                continue

    def _is_due(self, service: ObservedRegistrations, *, everything: bool) -> bool:
        return everything or service.is_changing or service.name in self._due

    def _read(self, cluster: str, services: Collection[ObservedRegistrations]) -> None:
        try:
            tasks = self._fleet.running(cluster)
            found = {
                s.name: RegisteredInstances(
                    self._instances(s), _addresses(tasks.get(s.name, ()))
                )
                for s in services
            }
        except DriverError as error:
            for service in services:
                known = self._known.get(service.name, DiscoveryRegistration())
                self._known[service.name] = replace(known, unseen=str(error))
            return
        for service in services:
            name, current = service.name, found[service.name]
            if len(current.running) != service.running:
                # ECS's reads are eventually consistent: these are of different times.
                self._due.add(name)
                continue
            self._known[name] = registration_of(self._previous.get(name), current)
            self._previous[name] = current
            self._due.discard(name)
            if not current.is_consistent:
                self._due.add(name)

    def _instances(self, service: ObservedRegistrations) -> dict[str, str]:
        """Return the instances of this service, with their addresses."""
        found = self._cloud_map.instances(service.registry)
        return {
            id_: instance_address(attributes)
            for id_, attributes in found.items()
            if attributes.get("ECS_SERVICE_NAME") == service.name
            or self._is_managed(service.registry)
        }

    def _is_managed(self, registry: str) -> bool:
        """Return True if the registry has the ownership tag.

        Then all of its instances belong to the service.
        """
        known = self._managed.get(registry)
        if known is None:
            answer = self._aws.call(
                "servicediscovery", "ListTagsForResource", ResourceARN=registry
            )
            tags = {tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())}
            known = self._managed[registry] = tags.get(OWNER_TAG) == self._owner
        return known


def _addresses(tasks: Iterable[Task]) -> frozenset[str]:
    """Return the addresses of the running tasks."""
    return frozenset(t.address for t in tasks if t.status == "RUNNING" and t.address)


def _id(registry: str) -> str:
    return registry.rpartition("/")[2]
