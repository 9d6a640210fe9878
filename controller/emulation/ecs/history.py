"""Operations on service deployments and service revisions."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from controller.emulation.ecs import wording
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.deployments import (
    last_completed,
    roll_back,
    set_rollout_state,
)
from controller.emulation.ecs.errors import (
    conflict,
    deployment_not_found,
    service_not_found,
)
from controller.emulation.ecs.paging import checked_references, page
from controller.emulation.ecs.references import cluster_of, find_service
from controller.emulation.ecs.service_views import (
    revision_view,
    rollout_brief,
    rollout_view,
)
from controller.emulation.ecs.state import (
    Body,
    Cluster,
    Service,
    SimulatedRollout,
    World,
)


def list_service_deployments(world: World, body: Body, context: Context) -> Body:
    """ListServiceDeployments: newest first, 20 per page by default."""
    service = find_service(cluster_of(world, body), body["service"])
    if service is None:
        raise service_not_found()
    statuses = body.get("status") or []
    briefs = [
        rollout_brief(service, rollout, context)
        for rollout in reversed(service.rollouts)
        if (not statuses or rollout.status in statuses)
        and _created_within(rollout, body.get("createdAt", {}))
    ]
    return page(briefs, body, "serviceDeployments", default=20)


def _created_within(rollout: SimulatedRollout, span: Body) -> bool:
    created = rollout.created_at
    after, before = _datetime(span.get("after")), _datetime(span.get("before"))
    return (after is None or created > after) and (before is None or created < before)


def _datetime(value: Any) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(float(value), UTC)


def describe_service_deployments(world: World, body: Body, context: Context) -> Body:
    """DescribeServiceDeployments: at most 20."""
    known = {r.arn: (c, s, r) for c, s in _services(world) for r in s.rollouts}
    arns = checked_references(
        body["serviceDeploymentArns"], 20, "serviceDeploymentArns"
    )
    return {
        "serviceDeployments": [
            rollout_view(*known[arn], context) for arn in arns if arn in known
        ],
        "failures": _missing(arns, known),
    }


def describe_service_revisions(world: World, body: Body, context: Context) -> Body:
    """DescribeServiceRevisions: at most 20."""
    known = {r.arn: (s, r) for _, s in _services(world) for r in s.revisions}
    arns = checked_references(body["serviceRevisionArns"], 20, "serviceRevisionArns")
    return {
        "serviceRevisions": [
            revision_view(world, *known[arn], context) for arn in arns if arn in known
        ],
        "failures": _missing(arns, known),
    }


def stop_service_deployment(world: World, body: Body, context: Context) -> Body:
    """StopServiceDeployment: roll back to the last successful revision."""
    arn = body["serviceDeploymentArn"]
    for _, service in _services(world):
        for rollout in service.rollouts:
            if rollout.arn == arn:
                _stop(world, service, rollout, context)
                return {"serviceDeploymentArn": arn}
    raise deployment_not_found()


def _stop(
    world: World, service: Service, rollout: SimulatedRollout, context: Context
) -> None:
    if not rollout.open or rollout.rolling_back:
        message = f"The service deployment is {rollout.status} and cannot be stopped."
        raise conflict(message)
    primary, earlier = service.primary, last_completed(service)
    if primary:
        reason = wording.STOPPED_BY_USER
        set_rollout_state(world, service, primary, "FAILED", reason, context)
    if earlier is None:
        rollout.status, rollout.updated_at = "STOP_REQUESTED", context.now
        return
    reasons = (wording.USER_ROLLBACK, wording.ROLLED_BACK_BY_USER)
    roll_back(world, service, earlier, context, reasons)


def _services(world: World) -> Iterator[tuple[Cluster, Service]]:
    for cluster in world.clusters.values():
        for service in cluster.services.values():
            yield cluster, service


def _missing(arns: Any, known: Any) -> list[Body]:
    return [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
