"""Services, service deployments and service revisions in the form of the API."""

from collections.abc import Iterable

from controller.emulation.ecs.arithmetic import breaker_threshold
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.references import definition_at
from controller.emulation.ecs.state import (
    Body,
    Cluster,
    Revision,
    Service,
    SimulatedDeployment,
    SimulatedRollout,
    SimulatedTask,
    World,
)
from controller.emulation.ecs.tagging import tag_list

PENDING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})
# DescribeServices returns these in deployments[] only, not in the service itself.
_DEPLOYMENT_ONLY = frozenset(
    {"serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"}
)
_IN_DEPLOYMENT = (
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "networkConfiguration",
    *sorted(_DEPLOYMENT_ONLY),
)


def service_view(
    cluster: Cluster, service: Service, context: Context, include: Iterable[str] = ()
) -> Body:
    """Return a service in the form of the API."""
    tasks = cluster.tasks_of(service)
    fields = {k: v for k, v in service.fields.items() if k not in _DEPLOYMENT_ONLY}
    role = fields.pop("role", None) or _service_role(context)
    view: Body = fields | {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": cluster.arn,
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": running(tasks),
        "pendingCount": pending(tasks),
        "deployments": [
            _deployment_view(service, d, tasks) for d in service.deployments
        ],
        "events": [
            {"id": e.id, "createdAt": e.at.timestamp(), "message": e.message}
            for e in service.events
        ],
        "roleArn": role,
        "createdAt": service.created_at.timestamp(),
        "createdBy": f"arn:aws:iam::{context.account}:root",
    }
    if service.rollouts:
        view["currentServiceDeployment"] = service.rollouts[-1].arn
        view["currentServiceRevisions"] = [
            _revision_counts(service, d.revision, tasks) for d in service.deployments
        ]
    if "TAGS" in include:
        view["tags"] = tag_list(service.tags)
    return view


def _service_role(context: Context) -> str:
    role = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    return f"arn:aws:iam::{context.account}:role/{role}"


def running(tasks: Iterable[SimulatedTask]) -> int:
    """Return the number of RUNNING tasks."""
    return sum(t.status == "RUNNING" for t in tasks)


def pending(tasks: Iterable[SimulatedTask]) -> int:
    """Return the number of tasks that are starting."""
    return sum(t.should_run and t.status in PENDING for t in tasks)


def _deployment_view(
    service: Service, deployment: SimulatedDeployment, tasks: list[SimulatedTask]
) -> Body:
    own = [t for t in tasks if t.started_by == deployment.id]
    shown = {
        key: deployment.revision.fields[key]
        for key in _IN_DEPLOYMENT
        if key in deployment.revision.fields
    }
    if shown.get("platformVersion") == "LATEST":
        shown["platformVersion"] = "1.4.0"
    return shown | {
        "id": deployment.id,
        "status": deployment.status,
        "desiredCount": _requested_count(service, deployment.id, own),
        "pendingCount": pending(own),
        "runningCount": running(own),
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created_at.timestamp(),
        "updatedAt": deployment.updated_at.timestamp(),
        "rolloutState": deployment.rollout_state,
        "rolloutStateReason": deployment.rollout_reason,
    }


def _requested_count(
    service: Service, deployment_id: str, own: list[SimulatedTask]
) -> int:
    """Return the requested number of tasks; an old deployment gets no new ones."""
    primary = service.primary
    if primary and primary.id == deployment_id:
        return service.desired
    return sum(task.should_run for task in own)


def rollout_brief(
    service: Service, rollout: SimulatedRollout, context: Context
) -> Body:
    """Return a service deployment in the form of ListServiceDeployments."""
    view: Body = {
        "serviceDeploymentArn": rollout.arn,
        "serviceArn": service.arn,
        "clusterArn": context.arn(f"cluster/{service.cluster}"),
        "createdAt": rollout.created_at.timestamp(),
        "targetServiceRevisionArn": rollout.target.arn,
        "status": rollout.status,
    }
    return view | _timestamps(rollout, ("started", "finished")) | _reason(rollout)


def rollout_view(
    cluster: Cluster, service: Service, rollout: SimulatedRollout, context: Context
) -> Body:
    """Return a service deployment in the form of DescribeServiceDeployments."""
    tasks = cluster.tasks_of(service)
    view = rollout_brief(service, rollout, context)
    del view["targetServiceRevisionArn"]
    view |= {
        "updatedAt": rollout.updated_at.timestamp(),
        "targetServiceRevision": _revision_counts(service, rollout.target, tasks),
        "sourceServiceRevisions": [
            _revision_counts(service, r, tasks) for r in rollout.sources
        ],
        "deploymentConfiguration": rollout.configuration,
        "deploymentCircuitBreaker": _breaker_view(service, rollout),
        "alarms": {"status": "DISABLED"},
    }
    view |= _timestamps(rollout, ("stopped",))
    if rollout.rolled_back_to and rollout.rollback_started_at:
        view["rollback"] = {
            "reason": rollout.rollback_reason,
            "startedAt": rollout.rollback_started_at.timestamp(),
            "serviceRevisionArn": rollout.rolled_back_to.arn,
        }
    return view


def _timestamps(rollout: SimulatedRollout, names: tuple[str, ...]) -> Body:
    times = {f"{name}At": getattr(rollout, f"{name}_at") for name in names}
    return {name: at.timestamp() for name, at in times.items() if at}


def _reason(rollout: SimulatedRollout) -> Body:
    return {"statusReason": rollout.reason} if rollout.reason else {}


def _revision_counts(
    service: Service, revision: Revision, tasks: list[SimulatedTask]
) -> Body:
    id_ = f"ecs-svc/{revision.id}"
    own = [t for t in tasks if t.started_by == id_]
    return {
        "arn": revision.arn,
        "requestedTaskCount": _requested_count(service, id_, own),
        "runningTaskCount": running(own),
        "pendingTaskCount": pending(own),
    }


def _breaker_view(service: Service, rollout: SimulatedRollout) -> Body:
    breaker = rollout.configuration.get("deploymentCircuitBreaker", {})
    if not breaker.get("enable"):
        status = "DISABLED"
    elif rollout.tripped:
        status = "TRIGGERED"
    else:
        status = "MONITORING" if rollout.open else "MONITORING_COMPLETE"
    return {
        "status": status,
        "failureCount": rollout.failures,
        "threshold": breaker_threshold(breaker, service.desired),
    }


def revision_view(
    world: World, service: Service, revision: Revision, context: Context
) -> Body:
    """Return a service revision in the form of the API."""
    definition = definition_at(world, revision.fields["taskDefinition"])
    images = [
        {
            "containerName": c["name"],
            "image": c["image"],
            "imageDigest": revision.digests[c["name"]],
        }
        for c in definition.body["containerDefinitions"]
    ]
    return revision.fields | {
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": context.arn(f"cluster/{service.cluster}"),
        "createdAt": revision.created_at.timestamp(),
        "containerImages": images,
        "guardDutyEnabled": False,
    }
