"""Reads of the scaling, routes and log retention of the services to import.

Each is read once for all services. One that cannot be read is left out and reported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.core.errors import DriverError
from controller.kinds.service.importing.fields import logs_of
from controller.kinds.service.logs.aws.groups import LogGroups
from controller.kinds.service.routes.attachment import attached, group_of
from controller.kinds.service.routes.aws.certificates import ListenerCertificates
from controller.kinds.service.routes.aws.observer import (
    RoutingObserver,
    RoutingSnapshot,
)
from controller.kinds.service.routes.undeclared import UndeclaredRoutes
from controller.kinds.service.scaling.aws import Scaling, resource_id
from controller.kinds.service.state.service import ScalingState, ServiceState

_T = TypeVar("_T")
_NOTHING = RoutingSnapshot({}, {}, {})


@dataclass
class ImportedAttachments:
    """Reader of the attachments of services. Reads only; never raises DriverError.

    Attributes:
        aws: Client of AWS.
        platform: Settings of the platform.
        clock: Clock of the caches.
        problems: Failed reads, each with its error.
    """

    aws: Aws
    platform: Platform
    clock: Clock
    problems: list[str] = field(default_factory=list)

    def with_all(self, states: Sequence[ServiceState]) -> list[ServiceState]:
        """Return ``states`` with their routes, their scaling and their logs."""
        scaled = self._read("autoscaling", lambda: self._scaling(states)) or {}
        routing = self._read("load balancers", lambda: self._routing(states))
        snapshot = routing or _NOTHING
        days = self._read("log groups", lambda: self._days(states)) or {}
        return [
            replace(
                state,
                scaling=scaled.get(_scaled_as(state)),
                routing=snapshot.of(self._routed(state)),
                retention=days.get(logs_of(state.described)),
            )
            for state in states
        ]

    def _read(self, subject: str, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except DriverError as error:
            self.problems.append(f"its {subject} could not be read: {error}")
            return None

    def _scaling(self, states: Sequence[ServiceState]) -> Mapping[str, ScalingState]:
        return Scaling(self.aws).targets(map(_scaled_as, states))

    def _routing(self, states: Sequence[ServiceState]) -> RoutingSnapshot:
        routed = [self._routed(state) for state in states if _group(state)]
        if not routed:
            return _NOTHING
        observer = RoutingObserver(
            self.aws, self.platform.owner, ListenerCertificates(self.aws)
        )
        return observer.at(routed)

    def _days(self, states: Sequence[ServiceState]) -> Mapping[str, int]:
        names = {logs_of(state.described) for state in states} - {""}
        groups = LogGroups(self.aws, self.platform.owner, self.clock)
        return groups.days(names)

    def _routed(self, state: ServiceState) -> UndeclaredRoutes:
        return UndeclaredRoutes(
            state.settings["serviceName"],
            _group(state),
            self.platform.balancer,
            self.platform.owner,
        )


def _group(state: ServiceState) -> str:
    """Return the name of the first target group that the service is in."""
    names = [group_of(balancer) for balancer in attached(state.settings)]
    return next(filter(None, names), "")


def _scaled_as(state: ServiceState) -> str:
    settings: Mapping[str, Any] = state.settings
    return resource_id(settings["clusterArn"], settings["serviceName"])
