"""Registered instances compared with running tasks: stale and missing ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.core.resources.plan import Change
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import Facet
from controller.kinds.service.state.service import DiscoveryRegistration, ServiceState

PATH = "discovery.instances"


@dataclass(frozen=True, slots=True)
class RegisteredInstances:
    """Instances of a Cloud Map service and the running tasks, read at one time.

    Attributes:
        instances: Addresses of the registered instances, by id.
        running: Addresses of the running tasks.
    """

    instances: Mapping[str, str]
    running: frozenset[str]

    @property
    def stale(self) -> frozenset[tuple[str, str]]:
        """Instances without a running task: id and address."""
        return frozenset(
            (id_, address)
            for id_, address in self.instances.items()
            if address not in self.running
        )

    @property
    def missing(self) -> frozenset[str]:
        """Addresses of running tasks that are not registered."""
        return self.running - set(self.instances.values())

    @property
    def is_consistent(self) -> bool:
        """True if exactly the running tasks are registered."""
        return not self.stale and not self.missing


def registration_of(
    before: RegisteredInstances | None, now: RegisteredInstances
) -> DiscoveryRegistration:
    """Return the stale and missing instances that two reads agree on.

    ECS takes a moment to register a task and to deregister one that stopped, so the
    result of a single read is not used.
    """
    if before is None:
        return DiscoveryRegistration()
    return DiscoveryRegistration(
        tuple(sorted(before.stale & now.stale)),
        tuple(sorted(before.missing & now.missing)),
    )


def registration_changes(_spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield the deregistration of stale instances."""
    registration = state.registration
    if registration.stale:
        addresses = ", ".join(address for _, address in registration.stale)
        yield Change(PATH, addresses, None)


def unregistered(name: str, registration: DiscoveryRegistration) -> str:
    """Return the message about running tasks that are not registered."""
    addresses = ", ".join(registration.missing)
    return f"Running tasks are not registered in Cloud Map as {name}: {addresses}."


def _calls(path: str) -> int:
    return int(path == PATH)


FACET = Facet(registration_changes, _calls)
