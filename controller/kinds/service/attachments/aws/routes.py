"""Routes of services: target groups, rules, and the membership of a service."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.core.errors import DriverError
from controller.core.resources.observation import unknown_from
from controller.kinds.service.render.fingerprint import runs_declared
from controller.kinds.service.routes.attachment import (
    BALANCERS,
    CHANGED_CHECK,
    GRACE,
    TAG,
    balancers,
    has_group_tag,
    needs_load_balancers,
    rollout_grace,
    route_tags,
)
from controller.kinds.service.routes.aws.load_balancers import LoadBalancers, RoutedLive
from controller.kinds.service.routes.undeclared import UndeclaredRoutes
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import (
    FacetDriver,
    Found,
    Parameters,
    Services,
    ServiceUpdate,
)
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import GROUP_TAG, ServiceTags, as_pairs


@dataclass(frozen=True, slots=True)
class Routes(FacetDriver):
    """The routes of services as a facet."""

    aws: Aws
    platform: Platform
    balancers: LoadBalancers

    def observe(self, services: Services) -> Found:
        """Return the states with their routing; all Unknown if it cannot be read."""
        routed = {
            id_: service
            for id_, service in services.items()
            if service.has_group
            or needs_load_balancers(service.spec, service.state.settings)
        }
        try:
            found = self.balancers.seen(
                [RoutedLive(s.spec, s.state.settings) for s in routed.values()]
            )
        except DriverError as error:
            return dict.fromkeys(routed, unknown_from(error))
        return {
            id_: replace(service.state, routing=found[service.spec.name])
            for id_, service in routed.items()
        }

    def creation(self, spec: ServiceSpec) -> Parameters:
        """Settle the routes; return the fields by which tasks join the target group."""
        return self._joined(spec, {}) if spec.routes else {}

    def update(self, update: ServiceUpdate) -> Parameters:
        """Settle the routes.

        The service is tagged before it gets a target group, and as long as it may have
        one, so that the next controller finds a target group after a crash.
        """
        if not update.touches("routes"):
            return {}
        spec, state = update.spec, update.state
        tags = route_tags(spec)
        if tags and not has_group_tag(state.settings):
            self.aws.call(
                "ecs", "TagResource", resourceArn=state.arn, tags=as_pairs(tags)
            )
        if TAG in update.paths:
            keys = [GROUP_TAG]
            self.aws.call("ecs", "UntagResource", resourceArn=state.arn, tagKeys=keys)
        declared = runs_declared(spec, state)
        joined = self._joined(spec, state.settings, runs_declared=declared)
        if {BALANCERS, GRACE} & {*update.paths}:
            return joined
        grace = rollout_grace(spec)
        if declared or grace is None or not update.touches(CHANGED_CHECK):
            return {}
        # The new tasks may fail the current check until the target group is switched.
        return {"healthCheckGracePeriodSeconds": grace}

    def delete(self, state: ServiceState) -> None:
        """Remove the rules and the target group of a service that is deleted next."""
        group = ServiceTags.of(state.settings).target_group
        if group is not None:
            undeclared = UndeclaredRoutes(
                state.settings["serviceName"],
                group,
                self.platform.balancer,
                self.platform.owner,
            )
            self.balancers.settle(undeclared, {})

    def _joined(
        self,
        spec: ServiceSpec,
        settings: Mapping[str, Any],
        *,
        runs_declared: bool = True,
    ) -> Parameters:
        """Settle the routes; return the fields by which tasks join the target group.

        ECS refuses a target group to which no listener forwards, so the rules are
        written first.
        """
        group = self.balancers.settle(spec, settings, runs_declared=runs_declared)
        joined: Parameters = {"loadBalancers": balancers(spec, group, settings)}
        if group is not None and spec.health is not None:
            joined["healthCheckGracePeriodSeconds"] = spec.health.grace
        return joined
