"""A facet of a service in addition to its task definition, such as scaling or routes.

``Facet`` is the pure half: the changes and their cost. ``FacetDriver`` is the I/O
half: it observes and settles. ``compare/facets.py`` and ``driver.py`` list them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from controller.core.document.resource import ResourceId
from controller.core.resources.observation import Unknown
from controller.core.resources.plan import Change
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState


def no_calls(_path: str) -> int:
    """Return 0: the facet is settled by calls that are counted elsewhere."""
    return 0


@dataclass(frozen=True, slots=True)
class Facet:
    """The pure half of a facet.

    Attributes:
        changes: Returns the differences between a declaration and a live service.
        calls: Returns the write calls that settle a change at a path without
            UpdateService; 0 for a path of another facet.
    """

    changes: Callable[[ServiceSpec, ServiceState], Iterable[Change]]
    calls: Callable[[str], int] = no_calls


@dataclass(frozen=True, slots=True)
class ObservedService:
    """A declared service while it is observed.

    Attributes:
        spec: Its declaration.
        state: Its state, as far as it was observed.
        has_group: True if an unused target group was created for it.
    """

    spec: ServiceSpec
    state: ServiceState
    has_group: bool = False


@dataclass(frozen=True, slots=True)
class ServiceUpdate:
    """An update of a service.

    Attributes:
        spec: Effective declaration.
        state: Observed state.
        paths: Paths of the changes.
        revision: ARN of the task definition that the service will run.
    """

    spec: ServiceSpec
    state: ServiceState
    paths: tuple[str, ...]
    revision: str

    def touches(self, *prefixes: str) -> bool:
        """Return True if a change is at or below one of ``prefixes``."""
        return any(path.startswith(prefixes) for path in self.paths)


Services: TypeAlias = Mapping[ResourceId, ObservedService]
Found: TypeAlias = Mapping[ResourceId, ServiceState | Unknown]
Parameters: TypeAlias = dict[str, Any]


class FacetDriver:
    """The I/O half of a facet. Each method may be repeated and raises DriverError."""

    def observe(self, services: Services) -> Found:  # noqa: ARG002 - a default
        """Return the states that change by this observation. Reads only."""
        return {}

    def prepare(self, spec: ServiceSpec) -> None:
        """Create what a task needs before its revision is registered."""

    def creation(self, spec: ServiceSpec) -> Parameters:  # noqa: ARG002 - a default
        """Settle what precedes CreateService; return parameters for it."""
        return {}

    def created(self, spec: ServiceSpec) -> None:
        """Settle what follows CreateService."""

    def update(self, update: ServiceUpdate) -> Parameters:  # noqa: ARG002 - a default
        """Settle the changes of this facet; return parameters for UpdateService."""
        return {}

    def delete(self, state: ServiceState) -> None:
        """Remove what belongs to a service that is deleted next."""
