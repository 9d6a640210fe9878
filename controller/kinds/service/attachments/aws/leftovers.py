"""Target groups that services left behind, and their removal.

A target group is created before its service. If the controller stops in between, and
the service is then removed from the document, only this module finds the target group.
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
from controller.kinds.service.routes.trial import trial_group
from controller.kinds.service.routes.undeclared import UndeclaredRoutes
from controller.kinds.service.state.service import LEFTOVER, ServiceState
from controller.kinds.service.tags import ServiceTags

Observations = Mapping[ResourceId, Observation]
Declared = Mapping[ResourceId, Resource[Any]]


class LeftoverCleanup:
    """Search and removal of leftover target groups. Every method may be repeated."""

    def __init__(
        self, leftovers: Leftovers, balancers: LoadBalancers, platform: Platform
    ) -> None:
        self._leftovers = leftovers
        self._balancers = balancers
        self._platform = platform

    def observe(
        self, declared: Declared, observations: Observations
    ) -> tuple[frozenset[str], dict[ResourceId, Present[ServiceState]]]:
        """Return the managed target groups that should not exist.

        First the names of declared services without routes or with a trial of a health
        check, then undeclared target groups as resources that can be deleted. Nothing is read if no service has or
        had routes, unless ``prune`` is set.

        Args:
            declared: All declared services.
            observations: Observations of services.
        """
        specs = [resource.spec for resource in declared.values()]
        live = [*_states(observations)]
        groups = (ServiceTags.of(state.settings).target_group for state in live)
        tagged = {group for group in groups if group}
        routed = {spec.target_group for spec in specs if spec.routes} | tagged
        if not routed and not self._platform.prune:
            return frozenset(), {}
        without = {spec.target_group: spec.name for spec in specs if not spec.routes}
        trials = {trial_group(spec): spec.name for spec in specs}
        taken = {state.settings["serviceName"] for state in live}
        ids = {*declared, *observations}
        with_groups: set[str] = set()
        undeclared: dict[ResourceId, Present[ServiceState]] = {}
        for found in self._leftovers.undeclared(routed):
            group, service = found.gone.target_group, found.gone.name
            id_ = ResourceId("service", key_of(service, self._platform))
            if service in {without.get(group), trials.get(group)}:
                with_groups.add(service)
            elif group not in without and service not in taken and id_ not in ids:
                undeclared |= self._undeclared(id_, found)
        return frozenset(with_groups), undeclared

    def remove(self, state: ServiceState) -> None:
        """Delete a leftover target group; raises DriverError.

        Raises:
            PermanentError: The target group is in use.
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
            msg = f"target group {name} was not deleted: it is in use"
            raise PermanentError(msg)
        self._balancers.settle(gone, {})

    def _undeclared(
        self, id_: ResourceId, leftover: Leftover
    ) -> dict[ResourceId, Present[ServiceState]]:
        """Return the leftover as a resource, unless it is used or cannot be read."""
        try:
            routing = self._leftovers.unused(leftover)
        except DriverError:
            return {}
        if routing is None:
            return {}
        named = {"serviceName": leftover.gone.name}
        state = ServiceState(leftover.arn, LEFTOVER, {}, "", named, routing=routing)
        return {id_: Present(state, Ownership.MANAGED)}


def _states(observations: Observations) -> Iterator[ServiceState]:
    for observation in observations.values():
        if isinstance(observation, Present):
            yield observation.state
