"""Between which numbers Application Auto Scaling keeps a service's tasks."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import NotFoundError
from controller.core.values.batches import batched
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ScalingState

# What DescribeScalableTargets takes at most; API reference.
MOST_TARGETS = 50
_SERVICE = "application-autoscaling"
_OF: Mapping[str, Any] = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
}


class Scaling:
    """Reads and settles scalable targets. Every method may be repeated."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def seen(self, ids: Iterable[str]) -> dict[str, ScalingState]:
        """Return the scalable targets there are of ``ids``; ceil(n/50) calls."""
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
        """Set both numbers; the target is made if there is none."""
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
        """Leave the number of tasks to whoever sets it."""
        with suppress(NotFoundError):
            self._aws.call(
                _SERVICE,
                "DeregisterScalableTarget",
                ResourceId=resource_id(cluster, name),
                **_OF,
            )


def resource_id(cluster: str, name: str) -> str:
    """Return how Application Auto Scaling calls a service."""
    return f"service/{cluster.rpartition('/')[2]}/{name}"
