"""Scalable targets of services, in Application Auto Scaling."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import DriverError, NotFoundError
from controller.core.resources.observation import unknown_from
from controller.core.values.batches import batched
from controller.kinds.service.scaling.changes import SCALING
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import (
    FacetDriver,
    Found,
    Parameters,
    Services,
    ServiceUpdate,
)
from controller.kinds.service.state.service import ScalingState, ServiceState

# Maximum of DescribeScalableTargets; API reference.
MOST_TARGETS = 50
_SERVICE = "application-autoscaling"
_OF: Mapping[str, Any] = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
}


class Scaling(FacetDriver):
    """Scalable targets as a facet of a service. Every method may be repeated."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def observe(self, services: Services) -> Found:
        """Return the states with their scalable targets, where the count is managed."""
        managed = {
            id_: resource_id(service.spec.cluster, service.spec.name)
            for id_, service in services.items()
            if service.spec.scaling is not None
            or service.spec.desired_count is not None
            or SCALING in service.state.declared_words
        }
        try:
            targets = self.targets(managed.values())
        except DriverError as error:
            return dict.fromkeys(services, unknown_from(error))
        return {
            id_: _scaled(services[id_].state, targets[target])
            for id_, target in managed.items()
            if target in targets
        }

    def created(self, spec: ServiceSpec) -> None:
        """Register the scalable target of a service that exists."""
        self.settle(spec)

    def update(self, update: ServiceUpdate) -> Parameters:
        """Register the scalable target as declared, or end scaling."""
        if update.touches(SCALING):
            if update.spec.scaling is None:
                self.end(update.spec.cluster, update.spec.name)
            else:
                self.settle(update.spec)
        return {}

    def delete(self, state: ServiceState) -> None:
        """End scaling of a service that the document scaled."""
        if SCALING in state.declared_words:
            self.end(state.settings["clusterArn"], state.settings["serviceName"])

    def targets(self, ids: Iterable[str]) -> dict[str, ScalingState]:
        """Return the existing scalable targets among ``ids``; ceil(n/50) calls."""
        found: dict[str, ScalingState] = {}
        for batch in batched(sorted(set(ids)), MOST_TARGETS):
            answer = self._aws.call(
                _SERVICE, "DescribeScalableTargets", ResourceIds=batch, **_OF
            )
            for target in answer["ScalableTargets"]:
                found[target["ResourceId"]] = ScalingState(
                    target["MinCapacity"], target["MaxCapacity"]
                )
        return found

    def settle(self, spec: ServiceSpec) -> None:
        """Set minimum and maximum; create the scalable target if it is missing."""
        if spec.scaling is not None:
            self._aws.call(
                _SERVICE,
                "RegisterScalableTarget",
                ResourceId=resource_id(spec.cluster, spec.name),
                MinCapacity=spec.scaling.minimum,
                MaxCapacity=spec.scaling.maximum,
                **_OF,
            )

    def end(self, cluster: str, name: str) -> None:
        """Remove the scalable target. The number of tasks stays as it is."""
        with suppress(NotFoundError):
            self._aws.call(
                _SERVICE,
                "DeregisterScalableTarget",
                ResourceId=resource_id(cluster, name),
                **_OF,
            )


def resource_id(cluster: str, name: str) -> str:
    """Return the id of a service in Application Auto Scaling."""
    return f"service/{cluster.rpartition('/')[2]}/{name}"


def _scaled(state: ServiceState, scaling: ScalingState) -> ServiceState:
    """Return the state with its scalable target, also among its settings."""
    target = {"MinCapacity": scaling.minimum, "MaxCapacity": scaling.maximum}
    settings = {**state.settings, "scalableTarget": target}
    return replace(state, scaling=scaling, settings=settings)
