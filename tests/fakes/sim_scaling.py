"""Application Auto Scaling in memory: limits without scaling."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import RefusalError
from tests.fakes.sim_shelf import Shelf


class AutoScaling(Shelf):
    """Scalable targets by resource id."""

    def __init__(self) -> None:
        super().__init__("application-autoscaling")

    def DescribeScalableTargets(self, parameters: Mapping[str, Any]) -> Any:
        """Return the requested targets that exist."""
        found = [
            self.things[id_] for id_ in parameters["ResourceIds"] if id_ in self.things
        ]
        return {"ScalableTargets": found}

    def RegisterScalableTarget(self, parameters: Mapping[str, Any]) -> Any:
        """Create a target, or set its limits."""
        self.put("RegisterScalableTarget", parameters["ResourceId"], dict(parameters))
        return {}

    def DeregisterScalableTarget(self, parameters: Mapping[str, Any]) -> Any:
        """Remove a target."""
        if self.things.pop(parameters["ResourceId"], None) is None:
            code, words = "ObjectNotFoundException", "no such target"
            raise RefusalError(code, words, 400)
        self.changed["DeregisterScalableTarget", parameters["ResourceId"]] += 1
        return {}
