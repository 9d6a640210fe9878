"""Request throttling: token buckets per category of calls.

Rates are per account and region, as AWS documents them under "request
throttling for the Amazon ECS API": how many at once, and how many a second
after that.
"""

from dataclasses import dataclass
from datetime import datetime

READ_SERVICES, CHANGE_SERVICES = "service read", "service modify"
READ_RESOURCES, CHANGE_RESOURCES = "cluster resource read", "cluster resource modify"
READ_DEFINITIONS, CHANGE_DEFINITIONS = "definition read", "definition modify"
READ_CLUSTERS, CHANGE_CLUSTERS = "cluster read", "cluster modify"
READ_TAGS, CHANGE_TAGS = "tag read", "tag modify"

# category → (burst, refill a second)
RATES: dict[str, tuple[float, float]] = {
    READ_SERVICES: (100, 20),
    CHANGE_SERVICES: (50, 5),
    READ_RESOURCES: (100, 20),
    CHANGE_RESOURCES: (100, 40),
    READ_DEFINITIONS: (50, 20),
    CHANGE_DEFINITIONS: (20, 1),
    "definition delete": (5, 1),
    READ_CLUSTERS: (50, 20),
    CHANGE_CLUSTERS: (20, 1),
    READ_TAGS: (50, 20),
    CHANGE_TAGS: (20, 10),
    "service deployment": (50, 20),
    "service revision": (50, 20),
    "services by namespace": (10, 1),
}

CATEGORIES: dict[str, str] = {
    "DescribeServices": READ_SERVICES,
    "ListServices": READ_SERVICES,
    "CreateService": CHANGE_SERVICES,
    "UpdateService": CHANGE_SERVICES,
    "DeleteService": CHANGE_SERVICES,
    "DescribeTasks": READ_RESOURCES,
    "ListTasks": READ_RESOURCES,
    "RunTask": CHANGE_RESOURCES,
    "StopTask": CHANGE_RESOURCES,
    "DescribeTaskDefinition": READ_DEFINITIONS,
    "ListTaskDefinitions": READ_DEFINITIONS,
    "ListTaskDefinitionFamilies": READ_DEFINITIONS,
    "RegisterTaskDefinition": CHANGE_DEFINITIONS,
    "DeregisterTaskDefinition": CHANGE_DEFINITIONS,
    "DeleteTaskDefinitions": "definition delete",
    "DescribeClusters": READ_CLUSTERS,
    "ListClusters": READ_CLUSTERS,
    "CreateCluster": CHANGE_CLUSTERS,
    "UpdateCluster": CHANGE_CLUSTERS,
    "UpdateClusterSettings": CHANGE_CLUSTERS,
    "PutClusterCapacityProviders": CHANGE_CLUSTERS,
    "DeleteCluster": CHANGE_CLUSTERS,
    "ListTagsForResource": READ_TAGS,
    "TagResource": CHANGE_TAGS,
    "UntagResource": CHANGE_TAGS,
    "ListServiceDeployments": "service deployment",
    "DescribeServiceDeployments": "service deployment",
    "StopServiceDeployment": CHANGE_SERVICES,
    "DescribeServiceRevisions": "service revision",
    "ListServicesByNamespace": "services by namespace",
}


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime


class Throttle:
    """Buckets that fill with time; off until ``rates`` are given."""

    def __init__(self) -> None:
        self._rates: dict[str, tuple[float, float]] = {}
        self._buckets: dict[str, _Bucket] = {}

    def limit(self, rates: dict[str, tuple[float, float]]) -> None:
        """Apply these rates from now on; an empty mapping switches off."""
        self._rates = dict(rates)
        self._buckets = {}

    def admits(self, operation: str, now: datetime) -> bool:
        """Take a token for a call; return whether there was one."""
        category = CATEGORIES.get(operation, "")
        if category not in self._rates:
            return True
        burst, refill = self._rates[category]
        bucket = self._buckets.setdefault(category, _Bucket(burst, now))
        gained = (now - bucket.filled_at).total_seconds() * refill
        bucket.tokens = min(burst, bucket.tokens + max(0.0, gained))
        bucket.filled_at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
