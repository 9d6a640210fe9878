"""How often ECS may be asked, by category of calls, and who keeps to it.

The buckets are per account and region, and all callers share them: "Request
throttling for the Amazon ECS API" in the ECS API reference.
"""

import threading
from collections.abc import Mapping

from controller.core.bucket import Bucket, Rate
from controller.core.clock import Clock

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

    Every request takes a token, repeated ones too. What has no category is let
    through: other services say no rates that hold for everyone.
    """

    def __init__(self, clock: Clock, rates: Mapping[str, Rate] = RATES) -> None:
        self._clock = clock
        self._rates = rates
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def wait(self, operation: str) -> None:
        """Return when ``operation`` may be sent; at once, most of the time."""
        category = CATEGORIES.get(operation, "")
        if category not in self._rates:
            return
        with self._lock:
            now = self._clock.monotonic()
            bucket = self._bucket(category, now)
            self._buckets[category], seconds = bucket.taken(now)
        if seconds > 0:
            self._clock.sleep(seconds)

    def refused(self, operation: str) -> None:
        """Go slower for a while: ``operation`` was throttled all the same."""
        category = CATEGORIES.get(operation, "")
        if category not in self._rates:
            return
        with self._lock:
            now = self._clock.monotonic()
            self._buckets[category] = self._bucket(category, now).refused(now)

    def _bucket(self, category: str, now: float) -> Bucket:
        known = self._buckets.get(category)
        return known or Bucket.full(self._rates[category], now)
