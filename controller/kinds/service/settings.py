"""The service's own fields, beside its task definition."""

from typing import Any

from controller.kinds.service.spec import ServiceSpec


def settings(spec: ServiceSpec) -> dict[str, Any]:
    """Return the fields of CreateService and UpdateService that ``spec`` settles.

    The number of tasks, discovery and the task definition are settled elsewhere.
    """
    declared: dict[str, Any] = {
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
        declared["networkConfiguration"] = {
            "awsvpcConfiguration": {
                "subnets": sorted(spec.network.subnets),
                "securityGroups": sorted(spec.network.security_groups),
                "assignPublicIp": "ENABLED" if spec.network.public_ip else "DISABLED",
            }
        }
    return declared


def declared_part(declared: Any, live: Any) -> Any:
    """Return of ``live`` what ``declared`` speaks of; the rest is others'.

    Lists are taken as sets: subnets and security groups come in any order.
    """
    match declared, live:
        case dict(), dict():
            return {k: declared_part(v, live.get(k)) for k, v in declared.items()}
        case list(), list():
            return sorted(live)
        case _:
            return live
