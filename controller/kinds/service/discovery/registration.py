"""Who is registered under a name, beside who runs: what is stale, what is missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.core.resources.plan import Change
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import Facet
from controller.kinds.service.state.service import DiscoveryRegistration, ServiceState

PATH = "discovery.instances"


@dataclass(frozen=True, slots=True)
class RegisteredInstances:
    """One look at a name: who is registered, and who runs.

    Attributes:
        instances: Addresses of the registered instances, by id.
        running: Addresses of the tasks that run.
    """

    instances: Mapping[str, str]
    running: frozenset[str]

    @property
    def stale(self) -> frozenset[tuple[str, str]]:
        """Instances that no running task is behind, with their addresses."""
        return frozenset(
            (id_, address)
            for id_, address in self.instances.items()
            if address not in self.running
        )

    @property
    def missing(self) -> frozenset[str]:
        """Addresses of running tasks under which nobody is registered."""
        return self.running - set(self.instances.values())

    @property
    def in_order(self) -> bool:
        """Whether everybody who runs is registered, and nobody else is."""
        return not self.stale and not self.missing


def registration_of(
    before: RegisteredInstances | None, now: RegisteredInstances
) -> DiscoveryRegistration:
    """Return what two looks agree on.

    ECS takes a moment to register a task that runs and to take out one that stopped:
    what only one look saw is nothing yet.
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
    """Return the sentence that names what runs and cannot be found."""
    addresses = ", ".join(registration.missing)
    return f"Tasks run and are not registered as {name}: {addresses}."


def _calls(path: str) -> int:
    return int(path == PATH)


FACET = Facet(registration_changes, _calls)
