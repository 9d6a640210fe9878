"""What stands around services: load balancers, registrations, log groups.

Each is looked at for all services at once, and not in every pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError
from controller.core.resources.observation import Observation, Present, Unknown, unseen
from controller.kinds.service.aws.revision_tags import RevisionTags
from controller.kinds.service.compare.removed_fields import SCALING
from controller.kinds.service.discovery.aws.registrations import (
    ObservedRegistrations,
    Registrations,
)
from controller.kinds.service.logs.aws.groups import LogGroups
from controller.kinds.service.render.revision_tags import are_asked_for
from controller.kinds.service.routes.attachment import is_about
from controller.kinds.service.routes.aws.load_balancers import LoadBalancers
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.scaling.aws import Scaling, resource_id
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import (
    DiscoveryRegistration,
    ScalingState,
    ServiceState,
)

Declared = Mapping[ResourceId, Resource[Any]]
Specs = Mapping[ResourceId, ServiceSpec]
Seen = Mapping[ResourceId, Present[ServiceState]]


@dataclass(frozen=True, slots=True)
class AttachmentObserver:
    """Looks at what stands around services. Reads only.

    Attributes:
        balancers: Load balancers.
        registrar: Registrations; None to leave them out.
        logs: Log groups.
        scaling: Scalable targets.
        tags: Tags of task definitions.
    """

    balancers: LoadBalancers
    registrar: Registrations | None
    logs: LogGroups
    scaling: Scaling
    tags: RevisionTags

    def of(
        self,
        declared: Declared,
        seen: Mapping[ResourceId, Observation],
        led_to: frozenset[str] = frozenset(),
    ) -> Mapping[ResourceId, Observation]:
        """Return ``seen`` with the surroundings; Unknown where the routes are.

        What stands around services that nobody declares is not looked at.

        Args:
            declared: What is declared.
            seen: What was seen of it.
            led_to: The names of services that have a target group, whatever they say.
        """
        present = {
            id_: observation
            for id_, observation in seen.items()
            if isinstance(observation, Present) and id_ in declared
        }
        if not present:
            return seen
        specs = {id_: declared[id_].spec for id_ in present}
        try:
            present = self._scaled(specs, present)
        except DriverError as error:
            return {**seen, **dict.fromkeys(present, unseen(error))}
        routing = self._routing(specs, present, led_to)
        registered = self._registrations(specs, present)
        retentions = self.logs.retentions([*specs.values()])
        found = dict(seen)
        for id_, observation in present.items():
            routes = routing.get(id_, RoutingState())
            if isinstance(routes, Unknown):
                found[id_] = routes
                continue
            spec = specs[id_]
            tags = self._revision_tags(spec, observation.state)
            if isinstance(tags, Unknown):
                found[id_] = tags
                continue
            state = replace(
                observation.state,
                routing=routes,
                registration=registered.get(spec.name, DiscoveryRegistration()),
                retention=retentions.get(spec.log_group),
                revision_tags=tags,
            )
            found[id_] = replace(observation, state=state)
        return found

    def _scaled(
        self, specs: Specs, seen: Seen
    ) -> dict[ResourceId, Present[ServiceState]]:
        """Return ``seen`` with who chooses the number of tasks, where that counts."""
        asked = {
            id_: resource_id(spec.cluster, spec.name)
            for id_, spec in specs.items()
            if spec.scaling is not None
            or spec.desired_count is not None
            or SCALING in seen[id_].state.spoken_of
        }
        found = self.scaling.seen(asked.values())
        return {
            id_: _chosen(observation, found.get(asked.get(id_, "")))
            for id_, observation in seen.items()
        }

    def _revision_tags(
        self, spec: ServiceSpec, state: ServiceState
    ) -> Mapping[str, str] | Unknown:
        """Return the tags of the task definition, where anybody speaks of them."""
        if not are_asked_for(spec, state.spoken_of):
            return {}
        try:
            return self.tags.of(state.definition_arn)
        except DriverError as error:
            return unseen(error)

    def _routing(
        self, specs: Specs, seen: Seen, led_to: frozenset[str]
    ) -> Mapping[ResourceId, RoutingState | Unknown]:
        about = {
            id_: spec
            for id_, spec in specs.items()
            if spec.name in led_to or is_about(spec, seen[id_].state.settings)
        }
        try:
            found = self.balancers.seen([*about.values()])
        except DriverError as error:
            return {id_: unseen(error) for id_ in about}
        return {id_: found[spec.name] for id_, spec in about.items()}

    def _registrations(
        self, specs: Specs, seen: Seen
    ) -> Mapping[str, DiscoveryRegistration]:
        if self.registrar is None:
            return {}
        services = (
            ObservedRegistrations.of(
                observation.state, specs[id_].name, specs[id_].cluster
            )
            for id_, observation in seen.items()
            if specs[id_].discovery
        )
        return self.registrar.registrations([s for s in services if s is not None])


def _chosen(
    observation: Present[ServiceState], scaling: ScalingState | None
) -> Present[ServiceState]:
    """Return ``observation`` with the autoscaler that chooses its number of tasks."""
    if scaling is None:
        return observation
    state = observation.state
    target = {"MinCapacity": scaling.minimum, "MaxCapacity": scaling.maximum}
    settings = {**state.settings, "scalableTarget": target}
    return replace(
        observation, state=replace(state, scaling=scaling, settings=settings)
    )
