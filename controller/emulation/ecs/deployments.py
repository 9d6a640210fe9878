"""Deployments of a service, from one revision to the next, and rollbacks."""

from controller.emulation.ecs import wording
from controller.emulation.ecs.announcements import announce, announce_deployment
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.digests import deployed_digests
from controller.emulation.ecs.service_rules import revision_fields, with_revision
from controller.emulation.ecs.state import (
    Revision,
    Service,
    SimulatedDeployment,
    SimulatedRollout,
    World,
)


def deploy(world: World, service: Service, context: Context) -> None:
    """Start a deployment of the service's current fields as a new revision."""
    supersede(service, wording.SUPERSEDED, context)
    sources = tuple(d.revision for d in service.deployments)
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    revision = _new_revision(world, service, context)
    rollout = SimulatedRollout(
        arn=_history_arn(service, "service-deployment", world.next_id("rollout")[:22]),
        target=revision,
        sources=sources,
        configuration=dict(service.fields.get("deploymentConfiguration", {})),
        created_at=context.now,
        updated_at=context.now,
    )
    service.rollouts.append(rollout)
    make_primary(world, service, revision, context, wording.IN_PROGRESS)


def _new_revision(world: World, service: Service, context: Context) -> Revision:
    number = world.next_number("service-revision")
    revision = Revision(
        id=number,
        arn=_history_arn(service, "service-revision", number),
        fields=revision_fields(service.fields),
        created_at=context.now,
        digests=deployed_digests(world, service.fields, context),
    )
    service.revisions.append(revision)
    return revision


def _history_arn(service: Service, kind: str, id_: str) -> str:
    return service.arn.replace(":service/", f":{kind}/") + f"/{id_}"


def make_primary(
    world: World, service: Service, revision: Revision, context: Context, reason: str
) -> SimulatedDeployment:
    """Make the deployment of the revision PRIMARY, and create it if it has ended.

    The running tasks of a deployment that is still ACTIVE count, so that a rollback
    starts only missing tasks.
    """
    id_ = f"ecs-svc/{revision.id}"
    deployment = next((d for d in service.deployments if d.id == id_), None)
    if deployment is None:
        deployment = SimulatedDeployment(id_, revision, context.now, context.now)
        service.deployments.insert(0, deployment)
    else:
        service.deployments.remove(deployment)
        service.deployments.insert(0, deployment)
    deployment.status = "PRIMARY"
    deployment.failed_tasks = deployment.failure_streak = 0
    deployment.next_launch = None
    service.steady_since = None
    set_rollout_state(world, service, deployment, "IN_PROGRESS", reason, context)
    return deployment


def set_rollout_state(
    world: World,
    service: Service,
    deployment: SimulatedDeployment,
    state: str,
    reason: str,
    context: Context,
) -> None:
    """Set the rollout state of a deployment and publish it."""
    deployment.rollout_state = state
    deployment.rollout_reason = reason.format(deployment=deployment.id)
    deployment.updated_at = context.now
    announce_deployment(service, deployment, context)
    if state == "COMPLETED":
        announce(world, service, context, wording.COMPLETED, deployment=deployment.id)


def supersede(service: Service, reason: str, context: Context) -> None:
    """Stop the open service deployment, if there is one."""
    rollout = service.rollout
    if rollout and rollout.open:
        finish(rollout, "STOPPED", reason, context)


def finish(
    rollout: SimulatedRollout, status: str, reason: str | None, context: Context
) -> None:
    """End a service deployment."""
    rollout.status = status
    rollout.reason = reason or rollout.reason
    rollout.updated_at = rollout.finished_at = context.now
    if status == "STOPPED":
        rollout.stopped_at = context.now


def last_completed(service: Service) -> Revision | None:
    """Return the target of the latest successful service deployment."""
    for rollout in reversed(service.rollouts):
        if rollout.status == "SUCCESSFUL":
            return rollout.target
    return None


def roll_back(
    world: World,
    service: Service,
    revision: Revision,
    context: Context,
    reasons: tuple[str, str],
) -> None:
    """Roll back to an earlier revision within the current service deployment.

    Args:
        world: World that issues ids.
        service: Service whose latest deployment failed or was stopped.
        revision: Revision to roll back to.
        context: Time and interfaces.
        reasons: Reasons for ``deployments[]`` and for the service deployment.
    """
    rollout = service.rollouts[-1]
    rollout.status = "ROLLBACK_REQUESTED"
    rollout.rolled_back_to = revision
    rollout.rollback_reason = reasons[1]
    rollout.rollback_started_at = rollout.updated_at = context.now
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    service.fields = with_revision(service.fields, revision.fields)
    primary = make_primary(world, service, revision, context, reasons[0])
    announce(world, service, context, wording.ROLLING_BACK, deployment=primary.id)
