"""Service scheduler: starts and stops tasks, completes and fails deployments."""

from controller.emulation.ecs import wording
from controller.emulation.ecs.announcements import (
    announce,
    announce_action,
    announce_registrations,
)
from controller.emulation.ecs.arithmetic import (
    Counts,
    Moves,
    is_stuck,
    limits,
    next_moves,
)
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.lifecycle import request_stop
from controller.emulation.ecs.placement import place, service_placement
from controller.emulation.ecs.progress import drain, update_deployment
from controller.emulation.ecs.references import definition_at
from controller.emulation.ecs.state import (
    Cluster,
    Service,
    SimulatedDeployment,
    SimulatedTask,
    World,
)
from controller.emulation.ecs.task_health import (
    count_failures,
    is_healthy,
    is_unhealthy,
    reset_failures,
    stop_reason,
)


def schedule(
    world: World,
    cluster: Cluster,
    service: Service,
    tasks: list[SimulatedTask],
    context: Context,
) -> None:
    """Advance one service and its tasks by one step."""
    announce_registrations(world, service, tasks, context)
    count_failures(world, service, tasks, context)
    if service.status == "DRAINING":
        drain(service, tasks, context)
        return
    primary = service.primary
    if service.status != "ACTIVE" or primary is None:
        return
    reset_failures(service, tasks, context)
    update_deployment(world, service, tasks, context)
    _adjust_tasks(world, cluster, service, tasks, context)


def _adjust_tasks(
    world: World,
    cluster: Cluster,
    service: Service,
    tasks: list[SimulatedTask],
    context: Context,
) -> None:
    primary = service.primary
    if primary is None:
        return
    active = [t for t in tasks if t.should_run]
    fresh = [t for t in active if t.started_by == primary.id]
    old = [t for t in active if t.started_by != primary.id]
    counts = _task_counts(service, fresh, old, context)
    configuration = service.fields.get("deploymentConfiguration", {})
    allowed = limits(service.desired, configuration)
    moves = next_moves(service.desired, allowed, counts)
    if (
        is_stuck(service.desired, allowed, counts, moves)
        and not primary.stuck_announced
    ):
        primary.stuck_announced = True
        announce(world, service, context, wording.STUCK)
    if primary.rollout_state != "FAILED":
        _stop_tasks(world, service, fresh, old, moves, context)
        _start_tasks(world, cluster, service, primary, moves.start, context)


def _task_counts(
    service: Service,
    fresh: list[SimulatedTask],
    old: list[SimulatedTask],
    context: Context,
) -> Counts:
    unhealthy = sum(is_unhealthy(t, service, context) for t in fresh)
    return Counts(
        fresh=len(fresh) - unhealthy,
        fresh_healthy=sum(is_healthy(t, context) for t in fresh),
        unhealthy=unhealthy,
        old=len(old),
        old_healthy=sum(is_healthy(t, context) for t in old),
    )


def _start_tasks(
    world: World,
    cluster: Cluster,
    service: Service,
    primary: SimulatedDeployment,
    count: int,
    context: Context,
) -> None:
    waiting = primary.next_launch is not None and context.now < primary.next_launch
    if count == 0 or waiting:
        return
    definition = definition_at(world, primary.revision.fields["taskDefinition"])
    placement = service_placement(service, primary, definition)
    started = [place(world, cluster, placement, context) for _ in range(count)]
    _announce_tasks(world, service, wording.STARTED, started, context)
    service.steady_since = None


def _stop_tasks(
    world: World,
    service: Service,
    fresh: list[SimulatedTask],
    old: list[SimulatedTask],
    moves: Moves,
    context: Context,
) -> None:
    unhealthy = [t for t in fresh if is_unhealthy(t, service, context)]
    others = [t for t in fresh if not is_unhealthy(t, service, context)]
    healthy_old = [t for t in old if is_healthy(t, context)]
    idle_old = [t for t in old if not is_healthy(t, context)]
    # Of a surplus, the newest tasks are stopped first; of replaced tasks, the oldest.
    scaled = [*reversed(others)][: moves.stop_surplus]
    scaled += idle_old[: moves.stop_old_idle] + healthy_old[: moves.stop_old_healthy]
    failed = unhealthy[: moves.stop_unhealthy]
    primary = service.primary
    for task in scaled:
        reason = wording.SCALING.format(deployment=primary.id if primary else "")
        request_stop(task, "ServiceSchedulerInitiated", reason, context)
    for task in failed:
        reason, event = stop_reason(task, service, context)
        announce(world, service, context, event)
        request_stop(task, "ServiceSchedulerInitiated", reason, context)
    if scaled or failed:
        _announce_tasks(world, service, wording.STOPPED, scaled + failed, context)
        announce_action(service, context, "TASKS_STOPPED")
        service.steady_since = None


def _announce_tasks(
    world: World,
    service: Service,
    sentence: str,
    tasks: list[SimulatedTask],
    context: Context,
) -> None:
    names = " ".join(f"(task {task.id})" for task in tasks)
    announce(world, service, context, sentence, count=len(tasks), tasks=names)
