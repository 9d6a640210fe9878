"""How often ECS may be asked, by category of calls, and who keeps to it.

The buckets are per account and region, and all callers share them: "Request
throttling for the Amazon ECS API" in the ECS API reference.
"""

import threading
from collections.abc import Mapping

from controller.core.clock import Clock
from controller.core.rates.adaptive_rate import Answer, Gate, Permit
from controller.core.rates.token_bucket import Rate

RATES: Mapping[str, Rate] = {
    "service read": Rate(100, 20),
    "service modify": Rate(50, 5),
    "cluster resource read": Rate(100, 20),
    "cluster resource modify": Rate(100, 40),
    "definition read": Rate(50, 20),
    "definition modify": Rate(20, 1),
    "definition delete": Rate(5, 1),
    "cluster read": Rate(50, 20),
    "cluster modify": Rate(20, 1),
    "tag read": Rate(50, 20),
    "tag modify": Rate(20, 10),
    "service deployment": Rate(50, 20),
    "service revision": Rate(50, 20),
    "services by namespace": Rate(10, 1),
}

_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "service read": ("DescribeServices", "ListServices"),
    "service modify": (
        "CreateService",
        "UpdateService",
        "DeleteService",
        "StopServiceDeployment",
    ),
    "cluster resource read": ("DescribeTasks", "ListTasks"),
    "cluster resource modify": ("RunTask", "StopTask"),
    "definition read": (
        "DescribeTaskDefinition",
        "ListTaskDefinitions",
        "ListTaskDefinitionFamilies",
    ),
    "definition modify": ("RegisterTaskDefinition", "DeregisterTaskDefinition"),
    "definition delete": ("DeleteTaskDefinitions",),
    "cluster read": ("DescribeClusters", "ListClusters"),
    "cluster modify": (
        "CreateCluster",
        "UpdateCluster",
        "UpdateClusterSettings",
        "PutClusterCapacityProviders",
        "DeleteCluster",
    ),
    "tag read": ("ListTagsForResource",),
    "tag modify": ("TagResource", "UntagResource"),
    "service deployment": ("ListServiceDeployments", "DescribeServiceDeployments"),
    "service revision": ("DescribeServiceRevisions",),
    "services by namespace": ("ListServicesByNamespace",),
}
CATEGORIES: Mapping[str, str] = {
    operation: category
    for category, operations in _OPERATIONS.items()
    for operation in operations
}


class Limiter:
    """Keeps the callers of one process within ECS's rates. For any thread.

    Every request needs leave, repeated ones too. What has no category is let
    through: other services say no rates that hold for everyone.
    """

    def __init__(self, clock: Clock, rates: Mapping[str, Rate] = RATES) -> None:
        self._clock = clock
        self._rates = rates
        self._lock = threading.Lock()
        self._gates: dict[str, Gate] = {}

    def wait(self, operation: str) -> Permit | None:
        """Return when ``operation`` may be sent; at once, most of the time.

        What is returned goes to ``answered`` afterwards. Nobody is promised a time:
        whoever has waited asks again, for a refusal meanwhile holds for all.
        """
        category = CATEGORIES.get(operation, "")
        if category not in self._rates:
            return None
        while True:
            with self._lock:
                now = self._clock.monotonic()
                self._gates[category], leave = self._gate(category, now).asked(now)
            if isinstance(leave, Permit):
                return leave
            self._clock.sleep(leave)

    def answered(self, operation: str, permit: Permit | None, answer: Answer) -> None:
        """Learn from what came of an operation that ``wait`` let through."""
        if permit is None:
            return
        category = CATEGORIES[operation]
        with self._lock:
            now = self._clock.monotonic()
            gate = self._gate(category, now)
            self._gates[category] = gate.answered(permit, answer, now)

    def _gate(self, category: str, now: float) -> Gate:
        return self._gates.get(category) or Gate.of(self._rates[category], now)
