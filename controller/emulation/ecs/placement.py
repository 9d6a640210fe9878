"""Creation of tasks for RunTask and the service scheduler."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.digests import digests_of
from controller.emulation.ecs.state import (
    Body,
    Cluster,
    Container,
    Definition,
    Service,
    SimulatedDeployment,
    SimulatedTask,
    Tags,
    World,
)
from controller.emulation.ecs.task_views import attachment_needed


@dataclass(frozen=True, slots=True)
class Placement:
    """A task to start.

    Attributes:
        definition: Task definition.
        request: Fields of RunTask, or of the service, that apply to the task.
        group: ``service:NAME`` or ``family:NAME``.
        started_by: Id of the deployment, or ``startedBy`` of RunTask.
        service: Name of the service, if it belongs to one.
        tags: Tags of the task.
        digests: Digests of its images, if a deployment resolved them.
    """

    definition: Definition
    request: Body
    group: str
    started_by: str | None = None
    service: str | None = None
    tags: Tags = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


def place(
    world: World, cluster: Cluster, placement: Placement, context: Context
) -> SimulatedTask:
    """Add a task in state PROVISIONING to the cluster."""
    id_ = world.next_id("task")[:32]
    definition, request = placement.definition, placement.request
    network = request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    subnet = _select_subnet(network.get("subnets", []), len(cluster.tasks))
    known = context.effects.subnet(subnet) if subnet else None
    task = SimulatedTask(
        id=id_,
        arn=context.arn(f"task/{cluster.name}/{id_}"),
        cluster=cluster.name,
        definition=definition.arn,
        containers=_containers(world, cluster, placement, context),
        group=placement.group,
        started_by=placement.started_by,
        created_at=context.now,
        status_since=context.now,
        request=_with_sizes(request, definition),
        service=placement.service,
        subnet=subnet,
        zone=known[1] if known else f"{context.region}a",
        tags=placement.tags,
    )
    if attachment_needed(request.get("networkConfiguration")):
        task.attachment_id = world.next_uuid("attachment")
    cluster.tasks[id_] = task
    return task


def _select_subnet(subnets: list[str], turn: int) -> str | None:
    return subnets[turn % len(subnets)] if subnets else None


def _with_sizes(request: Body, definition: Definition) -> Body:
    overrides = request.get("overrides", {})
    sizes = {
        key: overrides.get(key) or definition.body.get(key) for key in ("cpu", "memory")
    }
    return request | {k: v for k, v in sizes.items() if v}


def _containers(
    world: World, cluster: Cluster, placement: Placement, context: Context
) -> list[Container]:
    definition = placement.definition
    digests = placement.digests or digests_of(world, definition, context)
    return [
        Container(
            name=container["name"],
            arn=context.arn(f"container/{cluster.name}/{world.next_uuid('container')}"),
            definition=container,
            digest=digests[container["name"]],
        )
        for container in definition.body["containerDefinitions"]
    ]


def service_placement(
    service: Service, deployment: SimulatedDeployment, definition: Definition
) -> Placement:
    """Return the next task of a deployment."""
    revision = deployment.revision
    settings = {
        key: service.fields[key]
        for key in ("enableExecuteCommand",)
        if key in service.fields
    }
    return Placement(
        definition=definition,
        request=revision.fields | settings,
        group=f"service:{service.name}",
        started_by=deployment.id,
        service=service.name,
        tags=_service_tags(service, definition),
        digests=revision.digests,
    )


def _service_tags(service: Service, definition: Definition) -> Tags:
    tags: Tags = {}
    if service.fields.get("enableECSManagedTags"):
        tags["aws:ecs:clusterName"] = service.cluster
        tags["aws:ecs:serviceName"] = service.name
    match service.fields.get("propagateTags"):
        case "SERVICE":
            tags |= service.tags
        case "TASK_DEFINITION":
            tags |= definition.tags
        case _:
            pass
    return tags
