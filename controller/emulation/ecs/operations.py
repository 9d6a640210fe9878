"""Table of the simulated operations."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from controller.emulation.ecs import (
    clusters,
    definitions,
    history,
    services,
    tagging,
    tasks,
)
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.state import Body, World

Operation: TypeAlias = Callable[[World, Body, Context], Body]

OPERATIONS: Mapping[str, Operation] = {
    "CreateCluster": clusters.create_cluster,
    "DeleteCluster": clusters.delete_cluster,
    "DescribeClusters": clusters.describe_clusters,
    "ListClusters": clusters.list_clusters,
    "PutClusterCapacityProviders": clusters.update_cluster,
    "UpdateCluster": clusters.update_cluster,
    "UpdateClusterSettings": clusters.update_cluster,
    "DeleteTaskDefinitions": definitions.delete_task_definitions,
    "DeregisterTaskDefinition": definitions.deregister_task_definition,
    "DescribeTaskDefinition": definitions.describe_task_definition,
    "ListTaskDefinitionFamilies": definitions.list_task_definition_families,
    "ListTaskDefinitions": definitions.list_task_definitions,
    "RegisterTaskDefinition": definitions.register_task_definition,
    "CreateService": services.create_service,
    "DeleteService": services.delete_service,
    "DescribeServices": services.describe_services,
    "ListServices": services.list_services,
    "ListServicesByNamespace": services.list_services_by_namespace,
    "UpdateService": services.update_service,
    "DescribeServiceDeployments": history.describe_service_deployments,
    "DescribeServiceRevisions": history.describe_service_revisions,
    "ListServiceDeployments": history.list_service_deployments,
    "StopServiceDeployment": history.stop_service_deployment,
    "DescribeTasks": tasks.describe_tasks,
    "ListTasks": tasks.list_tasks,
    "RunTask": tasks.run_task,
    "StopTask": tasks.stop_task,
    "ListTagsForResource": tagging.list_tags_for_resource,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
}


def is_read(operation: str) -> bool:
    """Return True if the operation does not change the world."""
    return operation.startswith(("Describe", "List"))
