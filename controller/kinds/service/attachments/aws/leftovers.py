"""What was left behind by services that are no more, and clearing it up.

A target group is made before its service: whoever dies between the two leaves it,
and once the document does not speak of it, nobody else would find it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError, PermanentError
from controller.core.resources.observation import Observation, Ownership, Present
from controller.kinds.service.aws.undeclared import key_of
from controller.kinds.service.routes.aws.leftovers import Leftover, Leftovers
from controller.kinds.service.routes.aws.load_balancers import LoadBalancers
from controller.kinds.service.routes.undeclared import UndeclaredRoutes
from controller.kinds.service.state.service import LEFTOVER, ServiceState
from controller.kinds.service.tags import ServiceTags

Seen = Mapping[ResourceId, Observation]
Declared = Mapping[ResourceId, Resource[Any]]


class LeftoverCleanup:
    """Finds what is left over, and takes it away. Every method may be repeated."""

    def __init__(
        self, leftovers: Leftovers, balancers: LoadBalancers, platform: Platform
    ) -> None:
        self._leftovers = leftovers
        self._balancers = balancers
        self._platform = platform

    def seen(
        self, declared: Declared, seen: Seen
    ) -> tuple[frozenset[str], dict[ResourceId, Present[ServiceState]]]:
        """Return what has a target group of ours and should not have one.

        Declared services without routes, by name; and what nobody declares, as
        something that may be deleted. Without routes, declared or left, and unless
        deleting is allowed, nothing is looked at.

        Args:
            declared: All that is declared.
            seen: What was seen of services.
        """
        specs = [resource.spec for resource in declared.values()]
        live = [*_states(seen)]
        groups = (ServiceTags.of(state.settings).target_group for state in live)
        had = {group for group in groups if group}
        routed = {spec.target_group for spec in specs if spec.routes} | had
        if not routed and not self._platform.prune:
            return frozenset(), {}
        without = {spec.target_group: spec.name for spec in specs if not spec.routes}
        taken = {state.settings["serviceName"] for state in live}
        ids = {*declared, *seen}
        about: set[str] = set()
        undeclared: dict[ResourceId, Present[ServiceState]] = {}
        for found in self._leftovers.undeclared(routed):
            group, service = found.gone.target_group, found.gone.name
            id_ = ResourceId("service", key_of(service, self._platform))
            if without.get(group) == service:
                about.add(service)
            elif group not in without and service not in taken and id_ not in ids:
                undeclared |= self._undeclared(id_, found)
        return frozenset(about), undeclared

    def clear(self, state: ServiceState) -> None:
        """Take away what is left over; raises DriverError.

        Raises:
            PermanentError: somebody uses it by now.
        """
        name = state.routing.group.name if state.routing.group else ""
        gone = UndeclaredRoutes(
            state.settings["serviceName"],
            name,
            self._platform.balancer,
            self._platform.owner,
        )
        self._leftovers.forget()
        if self._leftovers.unused(Leftover(gone, state.arn)) is None:
            msg = f"the target group {name} is not deleted: it is in use by now"
            raise PermanentError(msg)
        self._balancers.settle(gone, {})

    def _undeclared(
        self, id_: ResourceId, leftover: Leftover
    ) -> dict[ResourceId, Present[ServiceState]]:
        """Return what is left over, if nobody uses it and that can be seen."""
        try:
            routing = self._leftovers.unused(leftover)
        except DriverError:
            return {}
        if routing is None:
            return {}
        named = {"serviceName": leftover.gone.name}
        state = ServiceState(leftover.arn, LEFTOVER, {}, "", named, routing=routing)
        return {id_: Present(state, Ownership.MANAGED)}


def _states(seen: Seen) -> Iterator[ServiceState]:
    for observation in seen.values():
        if isinstance(observation, Present):
            yield observation.state
