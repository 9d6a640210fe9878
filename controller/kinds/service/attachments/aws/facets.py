"""All facets of services, observed, updated and removed in a fixed order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.observation import Observation, Present, Unknown
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import (
    FacetDriver,
    ObservedService,
    Parameters,
    ServiceUpdate,
)
from controller.kinds.service.state.service import ServiceState

Declared = Mapping[ResourceId, Resource[Any]]


class Facets:
    """Calls each facet in order. Every method may be repeated and raises DriverError.

    Args:
        drivers: The I/O halves, in the order in which an update settles them.
    """

    def __init__(self, *drivers: FacetDriver) -> None:
        self._drivers = drivers

    def observed(
        self,
        declared: Declared,
        observations: Mapping[ResourceId, Observation],
        with_groups: frozenset[str] = frozenset(),
    ) -> Mapping[ResourceId, Observation]:
        """Return ``observations`` with all facets; Unknown where a facet is unknown.

        Facets of services that are not declared are not observed.

        Args:
            declared: Declared services.
            observations: Observations of services, declared or not.
            with_groups: Names of services that have a target group without routes.
        """
        found = dict(observations)
        for driver in self._drivers:
            services = {
                id_: ObservedService(
                    declared[id_].spec,
                    observation.state,
                    declared[id_].spec.name in with_groups,
                )
                for id_, observation in found.items()
                if isinstance(observation, Present) and id_ in declared
            }
            if services:
                found |= _replaced(found, driver.observe(services))
        return found

    def prepare(self, spec: ServiceSpec) -> None:
        """Create what a task needs before its revision is registered."""
        for driver in self._drivers:
            driver.prepare(spec)

    def creation(self, spec: ServiceSpec) -> Parameters:
        """Settle what precedes CreateService; return parameters for it."""
        parameters: Parameters = {}
        for driver in self._drivers:
            parameters |= driver.creation(spec)
        return parameters

    def created(self, spec: ServiceSpec) -> None:
        """Settle what follows CreateService."""
        for driver in self._drivers:
            driver.created(spec)

    def update(self, update: ServiceUpdate) -> Parameters:
        """Settle the changes of all facets; return parameters for UpdateService."""
        parameters: Parameters = {}
        for driver in self._drivers:
            parameters |= driver.update(update)
        return parameters

    def delete(self, state: ServiceState) -> None:
        """Remove what belongs to a service that is deleted next."""
        for driver in self._drivers:
            driver.delete(state)


def _replaced(
    observations: Mapping[ResourceId, Observation],
    found: Mapping[ResourceId, ServiceState | Unknown],
) -> dict[ResourceId, Observation]:
    """Return the observations that ``found`` changes."""
    changed: dict[ResourceId, Observation] = {}
    for id_, state in found.items():
        before = observations[id_]
        if isinstance(state, Unknown):
            changed[id_] = state
        elif isinstance(before, Present):
            changed[id_] = replace(before, state=state)
    return changed
