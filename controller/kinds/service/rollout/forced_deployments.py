"""Forced deployments that reads of ECS do not show yet.

An update with ``forceNewDeployment`` is not safe to repeat: each one replaces all tasks.
DescribeServices may lag behind UpdateService for some seconds, so a pass in that time
would plan the same update again. The answer to UpdateService names the new deployment,
and the next forced update waits until a read shows it.
"""

from datetime import timedelta

from controller.core.clock import Clock
from controller.kinds.service.state.service import ServiceState

# A deployment that is not visible after this time was replaced by another one.
LONGEST_LAG = timedelta(seconds=60)


class ForcedDeployments:
    """The last forced deployment of each service, in the memory of this process.

    Actions on one service do not run concurrently, so there is no lock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, tuple[str, float]] = {}

    def started(self, service_arn: str, deployment_id: str) -> None:
        """Record the deployment that a forced update of a service started."""
        self._last[service_arn] = deployment_id, self._clock.monotonic()

    def is_hidden(self, state: ServiceState) -> bool:
        """Return True if ``state`` was read before the last forced deployment."""
        deployment, at = self._last.get(state.arn, ("", 0.0))
        age = timedelta(seconds=self._clock.monotonic() - at)
        shown = any(found.id == deployment for found in state.deployments)
        if not deployment or shown or age >= LONGEST_LAG:
            self._last.pop(state.arn, None)
            return False
        return True
