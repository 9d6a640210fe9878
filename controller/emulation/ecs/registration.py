"""Registration of tasks in Cloud Map and in target groups."""

from collections.abc import Iterator

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.effects import TargetRegistration
from controller.emulation.ecs.state import Body, SimulatedTask


def targets(task: SimulatedTask) -> Iterator[TargetRegistration]:
    """Yield the task's address in each of its target groups."""
    for balancer in task.request.get("loadBalancers", []):
        arn = balancer.get("targetGroupArn")
        if arn and task.address and task.service:
            yield TargetRegistration(arn, task.address, balancer["containerPort"])


def register(task: SimulatedTask, context: Context) -> None:
    """Register the task in Cloud Map and in its target groups."""
    for registry in _registries(task):
        attributes = _attributes(task, registry, context)
        context.effects.register_instance(registry["registryArn"], task.id, attributes)
    for target in targets(task):
        context.effects.register_target(target)
    task.registered = True


def deregister(task: SimulatedTask, context: Context) -> None:
    """Deregister the task from Cloud Map and start to drain its targets."""
    if not task.registered:
        return
    task.registered = False
    for registry in _registries(task):
        context.effects.deregister_instance(registry["registryArn"], task.id)
    for target in targets(task):
        context.effects.deregister_target(target)


def report_health(task: SimulatedTask, context: Context) -> None:
    """Report the health of the task to Cloud Map."""
    healthy = task.health != "UNHEALTHY"
    for registry in _registries(task):
        arn = registry["registryArn"]
        context.effects.set_instance_health(arn, task.id, healthy=healthy)


def is_drained(task: SimulatedTask, context: Context) -> bool:
    """Return True if the deregistration delay of every target group is over."""
    delays = [
        context.effects.deregistration_delay(t.target_group_arn) for t in targets(task)
    ]
    return all(context.now - task.status_since >= delay for delay in delays)


def target_healths(
    task: SimulatedTask, context: Context
) -> dict[TargetRegistration, str]:
    """Return the health of each target of the task."""
    return {t: context.effects.target_health(t) for t in targets(task)}


def _registries(task: SimulatedTask) -> list[Body]:
    registries: list[Body] = task.request.get("serviceRegistries", [])
    return registries if task.service and task.address else []


def _attributes(
    task: SimulatedTask, registry: Body, context: Context
) -> dict[str, str]:
    attributes = {
        "AWS_INSTANCE_IPV4": task.address or "",
        "AWS_INIT_HEALTH_STATUS": "HEALTHY",
        "AVAILABILITY_ZONE": task.zone or "",
        "REGION": context.region,
        "ECS_SERVICE_NAME": task.service or "",
        "ECS_CLUSTER_NAME": task.cluster,
        "ECS_TASK_DEFINITION_FAMILY": task.definition.rpartition("/")[2].split(":")[0],
    }
    if port := registry.get("port") or registry.get("containerPort"):
        attributes["AWS_INSTANCE_PORT"] = str(port)
    return attributes
