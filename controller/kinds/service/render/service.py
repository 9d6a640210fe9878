"""The service's own fields, beside its task definition."""

from typing import Any

from controller.core.values.paths import Plain, fill_defaults
from controller.kinds.service.normalize.rollout_fields import STEPS
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.aws_fields import merged
from controller.kinds.service.spec.service import ServiceSpec

_AWSVPC = "networkConfiguration.awsvpcConfiguration"
_HOW = "deploymentConfiguration"


def settings(spec: ServiceSpec) -> dict[str, Any]:
    """Return the fields of CreateService and UpdateService that ``spec`` settles.

    The number of tasks, discovery and the task definition are settled elsewhere.
    """
    declared: Plain = merged(_own(spec), spec.service)
    if spec.network.subnets and render(spec)["networkMode"] != "awsvpc":
        # Only a task with an address of its own has a network; ECS refuses it else.
        declared.pop("networkConfiguration")
    return spelled_out(declared)


def creation(spec: ServiceSpec) -> dict[str, Any]:
    """Return the fields of CreateService that a service is made with, and no more.

    Those the document does not speak of are our choice at first, and others' later.
    """
    declared = settings(spec)
    chosen: Plain = {"enableECSManagedTags": True, "propagateTags": "SERVICE"}
    if not declared.get("capacityProviderStrategy"):
        fits = render(spec).get("requiresCompatibilities") or ["EC2"]
        chosen["launchType"] = "FARGATE" if "FARGATE" in fits else fits[0]
    if declared.get("schedulingStrategy") != "DAEMON":
        # A daemon has one task on each instance, and ECS refuses a number.
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
    """Return ``declared`` with what must be said for an update to settle it.

    ECS keeps what an update leaves out, so that a default must be sent as well.
    """
    fill_defaults(declared, _AWSVPC, assignPublicIp="DISABLED")
    strategy = (declared.get(_HOW) or {}).get("strategy")
    if strategy in STEPS:
        name, steps = STEPS[strategy]
        fill_defaults(declared, _HOW, **{name: {}})
        fill_defaults(declared, f"{_HOW}.{name}", **steps)
    return declared
