"""Cluster operations."""

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.errors import cluster_in_use, invalid
from controller.emulation.ecs.paging import page
from controller.emulation.ecs.references import cluster_of, last_part
from controller.emulation.ecs.state import Body, Cluster, World
from controller.emulation.ecs.tagging import tag_list, tags_from

STORED_FIELDS = (
    "settings",
    "configuration",
    "capacityProviders",
    "defaultCapacityProviderStrategy",
    "serviceConnectDefaults",
)


def create_cluster(world: World, body: Body, context: Context) -> Body:
    """CreateCluster: return an existing ACTIVE cluster of the name unchanged."""
    name = body.get("clusterName") or "default"
    cluster = world.clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        cluster = Cluster(
            name=name,
            arn=context.arn(f"cluster/{name}"),
            fields={k: body[k] for k in STORED_FIELDS if k in body},
            tags=tags_from(body.get("tags")),
        )
        world.clusters[name] = cluster
    return {"cluster": cluster_view(cluster, {"TAGS", "SETTINGS", "CONFIGURATIONS"})}


def update_cluster(world: World, body: Body, _: Context) -> Body:
    """UpdateCluster, UpdateClusterSettings and PutClusterCapacityProviders."""
    cluster = cluster_of(world, body)
    cluster.fields |= {k: body[k] for k in STORED_FIELDS if k in body}
    return {"cluster": cluster_view(cluster, {"SETTINGS", "CONFIGURATIONS"})}


def describe_clusters(world: World, body: Body, _: Context) -> Body:
    """DescribeClusters: a missing cluster is a failure in the response."""
    references = body.get("clusters") or ["default"]
    if len(references) > 100:  # noqa: PLR2004
        message = "clusters can have at most 100 items."
        raise invalid(message)
    include = set(body.get("include", []))
    answer: Body = {"clusters": [], "failures": []}
    for reference in references:
        cluster = world.clusters.get(last_part(reference))
        if cluster is None:
            answer["failures"].append({"arn": reference, "reason": "MISSING"})
        else:
            answer["clusters"].append(cluster_view(cluster, include))
    return answer


def list_clusters(world: World, body: Body, _: Context) -> Body:
    """ListClusters."""
    active = [c.arn for c in world.clusters.values() if c.status == "ACTIVE"]
    return page(active, body, "clusterArns")


def delete_cluster(world: World, body: Body, _: Context) -> Body:
    """DeleteCluster: refuse while the cluster has services or tasks."""
    cluster = cluster_of(world, body)
    if any(s.status == "ACTIVE" for s in cluster.services.values()):
        raise cluster_in_use(tasks=False)
    if any(t.status != "STOPPED" for t in cluster.tasks.values()):
        raise cluster_in_use(tasks=True)
    cluster.status = "INACTIVE"
    return {"cluster": cluster_view(cluster, set())}


def cluster_view(cluster: Cluster, include: set[str]) -> Body:
    """Return a cluster in the form of the API."""
    tasks = cluster.tasks.values()
    view: Body = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": sum(t.status == "RUNNING" for t in tasks),
        "pendingTasksCount": sum(
            t.status in {"PROVISIONING", "PENDING"} for t in tasks
        ),
        "activeServicesCount": sum(
            s.status == "ACTIVE" for s in cluster.services.values()
        ),
        "statistics": [],
        "tags": tag_list(cluster.tags) if "TAGS" in include else [],
        "settings": [],
        "capacityProviders": cluster.fields.get("capacityProviders", []),
        "defaultCapacityProviderStrategy": cluster.fields.get(
            "defaultCapacityProviderStrategy", []
        ),
    }
    if "SETTINGS" in include:
        view["settings"] = cluster.fields.get("settings", [])
    if "CONFIGURATIONS" in include and "configuration" in cluster.fields:
        view["configuration"] = cluster.fields["configuration"]
    if defaults := cluster.fields.get("serviceConnectDefaults"):
        view["serviceConnectDefaults"] = defaults
    return view
