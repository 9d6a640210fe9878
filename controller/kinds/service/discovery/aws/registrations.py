"""Who is registered in Cloud Map and who runs, looked at now and then."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from controller.clients.aws import paginated
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

# Between two looks at what is well.
EVERY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ObservedRegistrations:
    """A service that registers its tasks.

    Attributes:
        name: In ECS.
        cluster: In which cluster.
        registry: ARN of the Cloud Map service.
        running: How many of its tasks run, as ECS says of the service.
        restless: Whether it is in trouble or rolls out.
    """

    name: str
    cluster: str
    registry: str
    running: int
    restless: bool

    @classmethod
    def of(
        cls, state: ServiceState, name: str, cluster: str
    ) -> "ObservedRegistrations | None":
        """Return ``state`` as such a service; None if it registers nothing."""
        registries = state.settings.get("serviceRegistries", ())
        primary = state.primary
        if not registries or primary is None or state.status != "ACTIVE":
            return None
        calm = primary.rollout == "COMPLETED" and state.running >= state.desired
        arn = str(registries[0]["registryArn"])
        return cls(name, cluster, arn, state.running, not calm)


class Registrations(FacetDriver):
    """Looks at registrations, and takes out what is stale.

    One ListInstances a registry, and ListTasks and DescribeTasks a hundred tasks at a
    time: for services in trouble, while they roll out, and every minute.
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
        self._fleet = fleet
        self._thorough = thorough
        self._owner = owner
        self._clock = clock
        self._looked: float | None = None
        self._seen: dict[str, RegisteredInstances] = {}
        self._told: dict[str, DiscoveryRegistration] = {}
        self._again: set[str] = set()
        self._ours: dict[str, bool] = {}

    def observe(self, services: Services) -> Found:
        """Return the states with their registrations; none where ``thorough`` is off."""
        if not self._thorough:
            return {}
        asked = (
            ObservedRegistrations.of(s.state, s.spec.name, s.spec.cluster)
            for s in services.values()
            if s.spec.discovery
        )
        found = self.registrations([one for one in asked if one is not None])
        return {
            id_: replace(service.state, registration=found[service.spec.name])
            for id_, service in services.items()
            if service.spec.name in found
        }

    def update(self, update: ServiceUpdate) -> Parameters:
        """Deregister stale instances."""
        if PATH in update.paths:
            registry = update.state.settings["serviceRegistries"][0]["registryArn"]
            self.take_out(registry, update.state.registration)
        return {}

    def registrations(
        self, services: Collection[ObservedRegistrations]
    ) -> Mapping[str, DiscoveryRegistration]:
        """Return what is known of each service, looked at anew where that is due.

        Reads only. What could not be looked at says so.
        """
        now = self._clock.monotonic()
        # What stale and missing are takes two looks: the first is a minute away.
        since = now if self._looked is None else self._looked
        everything = now - since >= EVERY.total_seconds()
        self._looked = now if everything else since
        due = [s for s in services if self._is_due(s, everything=everything)]
        by_cluster: defaultdict[str, list[ObservedRegistrations]] = defaultdict(list)
        for service in due:
            by_cluster[service.cluster].append(service)
        for cluster, of_cluster in by_cluster.items():
            self._look(cluster, of_cluster)
        self._again |= {service.name for service in services if service.restless}
        return {
            s.name: self._told.get(s.name, DiscoveryRegistration()) for s in services
        }

    def take_out(self, registry: str, registration: DiscoveryRegistration) -> None:
        """Deregister what is stale. Safe to repeat; raises DriverError."""
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
        return everything or service.restless or service.name in self._again

    def _look(self, cluster: str, services: Collection[ObservedRegistrations]) -> None:
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
                told = self._told.get(service.name, DiscoveryRegistration())
                self._told[service.name] = replace(told, unseen=str(error))
            return
        for service in services:
            name, register = service.name, found[service.name]
            if len(register.running) != service.running:
                # ECS's reads lag, each by its own time: these do not belong together.
                self._again.add(name)
                continue
            self._told[name] = registration_of(self._seen.get(name), register)
            self._seen[name] = register
            self._again.discard(name)
            if not register.in_order:
                self._again.add(name)

    def _instances(self, service: ObservedRegistrations) -> dict[str, str]:
        """Return the instances that are ours to judge, with their addresses."""
        instances = paginated(
            self._aws,
            "servicediscovery",
            "ListInstances",
            "Instances",
            ServiceId=_id(service.registry),
        )
        found = {i["Id"]: i.get("Attributes", {}) for i in instances}
        return {
            id_: attributes.get("AWS_INSTANCE_IPV4", "")
            for id_, attributes in found.items()
            if attributes.get("ECS_SERVICE_NAME") == service.name
            or self._is_ours(service.registry)
        }

    def _is_ours(self, registry: str) -> bool:
        """Whether the registry carries our tag, and so nobody else registers there."""
        known = self._ours.get(registry)
        if known is None:
            answer = self._aws.call(
                "servicediscovery", "ListTagsForResource", ResourceARN=registry
            )
            tags = {tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())}
            known = self._ours[registry] = tags.get(OWNER_TAG) == self._owner
        return known


def _addresses(tasks: Iterable[Task]) -> frozenset[str]:
    """Return where the tasks that run are."""
    return frozenset(t.address for t in tasks if t.status == "RUNNING" and t.address)


def _id(registry: str) -> str:
    return registry.rpartition("/")[2]
