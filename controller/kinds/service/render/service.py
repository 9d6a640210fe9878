"""The rendered fields of the service itself, without its task definition."""

from typing import Any

from controller.core.values.paths import Plain, fill_defaults
from controller.kinds.service.normalize.rollout_fields import STEPS
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.aws_fields import merged
from controller.kinds.service.spec.service import ServiceSpec

_AWSVPC = "networkConfiguration.awsvpcConfiguration"
_ROLLOUT = "deploymentConfiguration"


def settings(spec: ServiceSpec) -> dict[str, Any]:
    """Return the fields of CreateService and UpdateService that ``spec`` declares.

    Without the number of tasks, discovery and the task definition.
    """
    declared: Plain = merged(_own(spec), spec.service)
    if spec.network.subnets and render(spec)["networkMode"] != "awsvpc":
        # ECS refuses a network configuration in other modes, where tasks have no
        # address of their own.
        declared.pop("networkConfiguration")
    return spelled_out(declared)


def creation(spec: ServiceSpec) -> dict[str, Any]:
    """Return the fields of CreateService for a new service.

    Includes initial values of fields that are not declared and not managed later.
    """
    declared = settings(spec)
    chosen: Plain = {"enableECSManagedTags": True, "propagateTags": "SERVICE"}
    if not declared.get("capacityProviderStrategy"):
        fits = render(spec).get("requiresCompatibilities") or ["EC2"]
        chosen["launchType"] = "FARGATE" if "FARGATE" in fits else fits[0]
    if declared.get("schedulingStrategy") != "DAEMON":
        # A daemon has one task per instance; ECS refuses a number of tasks.
        chosen["desiredCount"] = 1 if spec.desired_count is None else spec.desired_count
    return {**chosen, **{k: v for k, v in declared.items() if v != []}}


def _own(spec: ServiceSpec) -> Plain:
    own: Plain = {
        "deploymentConfiguration": {
            "minimumHealthyPercent": spec.deployment.minimum_healthy_percent,
            "maximumPercent": spec.deployment.maximum_percent,
            "deploymentCircuitBreaker": {
                "enable": spec.deployment.circuit_breaker,
                "rollback": spec.deployment.rollback,
            },
        },
    }
    if spec.network.subnets:
        own["networkConfiguration"] = {
            "awsvpcConfiguration": {
                "subnets": sorted(spec.network.subnets),
                "securityGroups": sorted(spec.network.security_groups),
                "assignPublicIp": "ENABLED" if spec.network.public_ip else "DISABLED",
            }
        }
    return own


def spelled_out(declared: Plain) -> Plain:
    """Return ``declared`` with explicit defaults.

    UpdateService keeps the fields that it omits, so defaults must be sent as well.
    """
    fill_defaults(declared, _AWSVPC, assignPublicIp="DISABLED")
    strategy = (declared.get(_ROLLOUT) or {}).get("strategy")
    if strategy in STEPS:
        name, steps = STEPS[strategy]
        fill_defaults(declared, _ROLLOUT, **{name: {}})
        fill_defaults(declared, f"{_ROLLOUT}.{name}", **steps)
    return declared
