"""Service events, and events that ECS sends to EventBridge."""

from datetime import UTC, datetime

from controller.emulation.ecs import wording
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.state import (
    Body,
    Service,
    ServiceEvent,
    SimulatedDeployment,
    SimulatedTask,
    World,
)
from controller.emulation.ecs.task_views import task_view

MAX_EVENTS = 100
_EVENT_NAMES = {
    "IN_PROGRESS": ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
    "COMPLETED": ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
    "FAILED": ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
}


def announce(
    world: World, service: Service, context: Context, sentence: str, **words: object
) -> None:
    """Add a line to the service's events, newest first."""
    message = sentence.format(service=service.name, **words)
    event = ServiceEvent(world.next_uuid("event"), context.now, message)
    service.events = [event, *service.events[: MAX_EVENTS - 1]]


def announce_registrations(
    world: World, service: Service, tasks: list[SimulatedTask], context: Context
) -> None:
    """Add events for tasks that were registered in or removed from target groups."""
    added = [t for t in tasks if t.registered and not t.registration_announced]
    removed = [t for t in tasks if t.registration_announced and not t.registered]
    for task in added + removed:
        task.registration_announced = task.registered
    balancers = service.fields.get("loadBalancers", [])
    for arn in [b["targetGroupArn"] for b in balancers if "targetGroupArn" in b]:
        for changed, sentence in (
            (added, wording.REGISTERED),
            (removed, wording.DEREGISTERED),
            (removed, wording.DRAINING),
        ):
            if changed:
                words = {"count": len(changed), "target_group": arn}
                announce(world, service, context, sentence, **words)


def announce_deployment(
    service: Service, deployment: SimulatedDeployment, context: Context
) -> None:
    """Publish the rollout state of a deployment."""
    kind, name = _EVENT_NAMES[deployment.rollout_state]
    detail = {
        "eventType": kind,
        "eventName": name,
        "deploymentId": deployment.id,
        "updatedAt": _iso(deployment.updated_at),
        "reason": deployment.rollout_reason,
    }
    context.effects.publish("ECS Deployment State Change", [service.arn], detail)


def announce_action(
    service: Service, context: Context, name: str, kind: str = "INFO"
) -> None:
    """Publish an action of the service scheduler, or its failure."""
    detail = {
        "eventType": kind,
        "eventName": name,
        "clusterArn": service.arn.replace(":service/", ":cluster/").rsplit("/", 1)[0],
        "createdAt": _iso(context.now),
    }
    context.effects.publish("ECS Service Action", [service.arn], detail)


def announce_task(task: SimulatedTask, context: Context) -> None:
    """Publish the state of a task, once for each version."""
    if task.published_version == task.version:
        return
    task.published_version = task.version
    detail = _with_iso_times(task_view(task, context)) | {
        "updatedAt": _iso(context.now)
    }
    context.effects.publish("ECS Task State Change", [task.arn], detail)


def _with_iso_times(view: Body) -> Body:
    return {
        key: _iso(datetime.fromtimestamp(value, UTC))
        if key.endswith("At") and isinstance(value, float)
        else value
        for key, value in view.items()
        if key != "healthStatus"
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
