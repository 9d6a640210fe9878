"""Settle what stands around a service: its routes, its registrations, its logs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.kinds.service.compare.removed_fields import SCALING
from controller.kinds.service.discovery.aws.registrations import Registrations
from controller.kinds.service.discovery.registration import PATH as DISCOVERED
from controller.kinds.service.images.changes import SECRETS
from controller.kinds.service.logs.aws.groups import LogGroups
from controller.kinds.service.routes.attachment import (
    BALANCERS,
    GRACE,
    GROUP_TAG,
    TAG,
    balancers,
    route_tags,
    tagged,
)
from controller.kinds.service.routes.aws.load_balancers import LoadBalancers
from controller.kinds.service.routes.undeclared import UndeclaredRoutes
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.state.tags import tags_of

# Changes that end with the call that makes them: ECS need not know of them.
BESIDE = (
    "routes[",
    "routes.target_group",
    DISCOVERED,
    "log_retention_days",
    SCALING,
    SECRETS,
)


@dataclass(frozen=True, slots=True)
class AttachmentWriter:
    """Writes; every method may be repeated and raises DriverError."""

    aws: Aws
    platform: Platform
    balancers: LoadBalancers
    registrar: Registrations
    logs: LogGroups

    def created(self, spec: ServiceSpec) -> dict[str, Any]:
        """Return the fields by which a new service joins its target group."""
        return self._joined(spec, {}) if spec.routes else {}

    def updated(
        self, spec: ServiceSpec, state: ServiceState, paths: Iterable[str]
    ) -> dict[str, Any]:
        """Settle ``paths``; return what UpdateService is to be told of them."""
        paths = [*paths]
        if DISCOVERED in paths:
            registry = state.settings["serviceRegistries"][0]["registryArn"]
            self.registrar.take_out(registry, state.registration)
        if "log_retention_days" in paths:
            self.logs.keep(spec)
        if any(path.startswith("routes") for path in paths):
            return self._rerouted(spec, state, paths)
        return {}

    def deleted(self, state: ServiceState) -> None:
        """Take away the rules and the target group of a service that is to go."""
        tags = tags_of(state.settings)
        if GROUP_TAG in tags:
            gone = UndeclaredRoutes(
                state.settings["serviceName"],
                tags[GROUP_TAG],
                self.platform.balancer,
                self.platform.owner,
            )
            self.balancers.settle(gone, {})

    def _rerouted(
        self, spec: ServiceSpec, state: ServiceState, paths: list[str]
    ) -> dict[str, Any]:
        """Settle the routes.

        The service says that it has a target group before it has one, and as long as
        it may have one: whoever dies meanwhile leaves nothing that is not found.
        """
        tags = route_tags(spec)
        if tags and not tagged(state.settings):
            pairs = [{"key": key, "value": value} for key, value in tags.items()]
            self.aws.call("ecs", "TagResource", resourceArn=state.arn, tags=pairs)
        if TAG in paths:
            keys = [GROUP_TAG]
            self.aws.call("ecs", "UntagResource", resourceArn=state.arn, tagKeys=keys)
        joined = self._joined(spec, state.settings)
        return joined if {BALANCERS, GRACE} & {*paths} else {}

    def _joined(self, spec: ServiceSpec, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settle the routes; return the fields by which tasks join the target group.

        ECS refuses a group that no listener forwards to: it comes first.
        """
        group = self.balancers.settle(spec, settings)
        joined: dict[str, Any] = {"loadBalancers": balancers(spec, group, settings)}
        if group is not None and spec.health is not None:
            joined["healthCheckGracePeriodSeconds"] = spec.health.grace
        return joined


def is_beside(paths: Iterable[str]) -> bool:
    """Whether all of ``paths`` are settled without a word to ECS."""
    return all(path.startswith(BESIDE) for path in paths)
