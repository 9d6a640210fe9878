"""Application Auto Scaling in memory: the numbers, and nobody who scales."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import RefusalError
from tests.fakes.sim_shelf import Shelf


class AutoScaling(Shelf):
    """Scalable targets by the service they are of."""

    def __init__(self) -> None:
        super().__init__("application-autoscaling")

    def DescribeScalableTargets(self, asked: Mapping[str, Any]) -> Any:
        """Return those of the targets asked for that are there."""
        found = [self.things[id_] for id_ in asked["ResourceIds"] if id_ in self.things]
        return {"ScalableTargets": found}

    def RegisterScalableTarget(self, asked: Mapping[str, Any]) -> Any:
        """Make a target, or set its numbers."""
        self.put("RegisterScalableTarget", asked["ResourceId"], dict(asked))
        return {}

    def DeregisterScalableTarget(self, asked: Mapping[str, Any]) -> Any:
        """Drop a target."""
        if self.things.pop(asked["ResourceId"], None) is None:
            code, words = "ObjectNotFoundException", "no such target"
            raise RefusalError(code, words, 400)
        self.changed["DeregisterScalableTarget", asked["ResourceId"]] += 1
        return {}
