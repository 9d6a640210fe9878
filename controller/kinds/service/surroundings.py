"""What stands around services: load balancers, registrations, log groups.

Each is looked at for all services at once, and not in every pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from controller.core.errors import DriverError
from controller.core.observation import Observation, Present, Unknown
from controller.core.resource import Resource, ResourceId
from controller.kinds.service.discovery_look import Registered, Registrar
from controller.kinds.service.log_groups import LogGroups
from controller.kinds.service.routes.attachment import is_about
from controller.kinds.service.routes.balancers import Balancers
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.spec import ServiceSpec
from controller.kinds.service.state import Registration, ServiceState

Declared = Mapping[ResourceId, Resource[Any]]
Specs = Mapping[ResourceId, ServiceSpec]
Seen = Mapping[ResourceId, Present[ServiceState]]


@dataclass(frozen=True, slots=True)
class Around:
    """Looks at what stands around services. Reads only.

    Attributes:
        balancers: Load balancers.
        registrar: Registrations; None to leave them out.
        logs: Log groups.
    """

    balancers: Balancers
    registrar: Registrar | None
    logs: LogGroups

    def of(
        self, declared: Declared, seen: Mapping[ResourceId, Observation]
    ) -> Mapping[ResourceId, Observation]:
        """Return ``seen`` with the surroundings; Unknown where the routes are.

        What stands around services that nobody declares is not looked at.
        """
        present = {
            id_: observation
            for id_, observation in seen.items()
            if isinstance(observation, Present) and id_ in declared
        }
        if not present:
            return seen
        specs = {id_: declared[id_].spec for id_ in present}
        routing = self._routing(specs, present)
        registered = self._registrations(specs, present)
        retentions = self.logs.retentions([*specs.values()])
        found = dict(seen)
        for id_, observation in present.items():
            routes = routing.get(id_, RoutingState())
            if isinstance(routes, Unknown):
                found[id_] = routes
                continue
            spec = specs[id_]
            state = replace(
                observation.state,
                routing=routes,
                registration=registered.get(spec.name, Registration()),
                retention=retentions.get(spec.log_group),
            )
            found[id_] = replace(observation, state=state)
        return found

    def _routing(
        self, specs: Specs, seen: Seen
    ) -> Mapping[ResourceId, RoutingState | Unknown]:
        about = {
            id_: spec
            for id_, spec in specs.items()
            if is_about(spec, seen[id_].state.settings)
        }
        try:
            found = self.balancers.seen([*about.values()])
        except DriverError as error:
            return {id_: Unknown(str(error)) for id_ in about}
        return {id_: found[spec.name] for id_, spec in about.items()}

    def _registrations(self, specs: Specs, seen: Seen) -> Mapping[str, Registration]:
        if self.registrar is None:
            return {}
        services = (
            Registered.of(observation.state, specs[id_].name, specs[id_].cluster)
            for id_, observation in seen.items()
            if specs[id_].discovery
        )
        return self.registrar.registrations([s for s in services if s is not None])
