"""Request rates of the ECS API, by category of operations.

The buckets are per account and region, and all callers share them: "Request
throttling for the Amazon ECS API" in the ECS API reference.
"""

from collections.abc import Mapping

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
