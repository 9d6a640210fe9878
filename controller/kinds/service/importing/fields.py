"""Conversion of a live service into document fields, as many as possible.

Fields that follow from the rest are removed later; see ``minimal``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from controller.core.document.reference import SecretReference
from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied
from controller.kinds.service.importing.own_container import (
    own_container,
    renamed_definition,
    renamed_service,
)
from controller.kinds.service.render.task_definition import awslogs_options
from controller.kinds.service.spec.aws_schema import shapes

_CURL = re.compile(r"curl -f http://localhost:[0-9]+(/\S*) \|\| exit 1")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_SSM = re.compile(r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter(/.*)")
# AWS fields that the document replaces by its own, or does not take.
_REPLACED_IN_TASK = frozenset({"family", "tags", "inferenceAccelerators"})
_REPLACED_IN_SERVICE = frozenset(
    {"serviceName", "cluster", "taskDefinition", "clientToken", "desiredCount", "tags"}
)


def document_fields(
    name: str, definition: Mapping[str, Any], service: Mapping[str, Any]
) -> Plain:
    """Return every document field that declares a part of a live service.

    Args:
        name: Name of the service, and of its own container.
        definition: Task definition from DescribeTaskDefinition.
        service: Service from DescribeServices.

    Raises:
        ValueError: The task definition has no containers.
    """
    found = own_container(name, definition.get("containerDefinitions", ()), service)
    definition = renamed_definition(definition, found["name"], name)
    service = renamed_service(service, found["name"], name)
    containers = definition["containerDefinitions"]
    own = next(c for c in containers if c["name"] == name)
    fields: Plain = {
        **_size(definition),
        **_container(own),
        **_roles(definition),
        **_service(service),
        "architecture": definition.get("runtimePlatform", {}).get("cpuArchitecture"),
    }
    # The field ``image`` of the document declares it.
    own.pop("image", None)
    fields["task"] = _known(definition, "task", _REPLACED_IN_TASK)
    fields["service"] = _known(_created(service), "service", _REPLACED_IN_SERVICE)
    return {key: value for key, value in fields.items() if value not in (None, [], {})}


def logs_of(definition: Mapping[str, Any]) -> str:
    """Return the log group of the first container that has one."""
    for container in definition.get("containerDefinitions", ()):
        options = awslogs_options(container)
        if options.get("awslogs-group"):
            return str(options["awslogs-group"])
    return ""


def secret_reference(value_from: str) -> dict[str, str] | None:
    """Return the reference to a secret, or None if the document cannot express it."""
    text = re.sub(":+$", "", value_from)
    parameter = _SSM.fullmatch(text)
    ssm = parameter[1] if parameter else text
    fields = {"ssm": ssm} if ssm.startswith("/") else {"secretsmanager": text}
    try:
        SecretReference.model_validate(fields)
    except ValidationError:
        return None
    return fields


def _size(definition: Mapping[str, Any]) -> Plain:
    amounts = {key: str(definition.get(key, "")) for key in ("cpu", "memory")}
    return {key: int(text) for key, text in amounts.items() if text.isdecimal()}


def _container(container: Plain) -> Plain:
    ports = container.get("portMappings") or [{}]
    return {
        "image": container["image"],
        "port": ports[0].get("containerPort"),
        "command": container.get("command"),
        "environment": dict(sorted(_environment(container))),
        "secrets": dict(sorted(_secrets(container))),
        "health": _health(container.get("healthCheck")),
        "log_group": awslogs_options(container).get("awslogs-group"),
    }


def _environment(container: Plain) -> Iterator[tuple[str, str]]:
    for item in container.get("environment", ()):
        if _NAME.fullmatch(item["name"]):
            yield item["name"], item.get("value", "")


def _secrets(container: Plain) -> Iterator[tuple[str, Plain]]:
    for item in container.get("secrets", ()):
        fields = secret_reference(item["valueFrom"])
        if fields is not None and _NAME.fullmatch(item["name"]):
            yield item["name"], fields


def _health(check: Plain | None) -> Plain | None:
    if not check or not check.get("command", ())[1:]:
        return None
    found = _CURL.fullmatch(check["command"][1])
    how = {"path": found[1]} if found else {"command": check["command"]}
    return {
        **how,
        "interval": check.get("interval", 30),
        "timeout": check.get("timeout", 5),
        "retries": check.get("retries", 3),
        "start_period": check.get("startPeriod", 0),
    }


def _roles(definition: Mapping[str, Any]) -> Plain:
    roles = {
        "execution": definition.get("executionRoleArn"),
        "task": definition.get("taskRoleArn"),
    }
    return {"roles": {key: arn for key, arn in roles.items() if arn}}


def _service(service: Mapping[str, Any]) -> Plain:
    how = service.get("deploymentConfiguration", {})
    breaker = how.get("deploymentCircuitBreaker", {})
    placed = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return {
        "desired_count": service.get("desiredCount"),
        "deployment": {
            "minimum_healthy_percent": how.get("minimumHealthyPercent", 100),
            "maximum_percent": how.get("maximumPercent", 200),
            "circuit_breaker": breaker.get("enable", False),
            "rollback": breaker.get("rollback", False),
        },
        "network": {
            "subnets": sorted(placed.get("subnets", ())),
            "security_groups": sorted(placed.get("securityGroups", ())),
            "public_ip": placed.get("assignPublicIp") == "ENABLED",
        }
        if placed.get("subnets")
        else None,
    }


def _created(service: Mapping[str, Any]) -> Plain:
    """Return ``service`` as parameters of CreateService."""
    fields: Plain = copied(dict(service))
    for deployment in fields.get("deployments", ()):
        # DescribeServices has these fields only in the deployment.
        if deployment.get("status") == "PRIMARY":
            for name in ("serviceConnectConfiguration", "volumeConfigurations"):
                if deployment.get(name):
                    fields.setdefault(name, deployment[name])
    if fields.get("capacityProviderStrategy"):
        fields.pop("launchType", None)
    if fields.get("availabilityZoneRebalancing") == "ENABLED":
        # The default of CreateService; API reference.
        del fields["availabilityZoneRebalancing"]
    role = str(fields.get("roleArn", ""))
    if role and "aws-service-role" not in role:
        fields["role"] = role
    return fields


def _known(fields: Plain, section: str, replaced: frozenset[str]) -> Plain:
    """Return the ``fields`` that the document takes under ``section``."""
    known: Plain = _shaped(shapes()[section], fields)
    return {k: v for k, v in known.items() if k not in replaced}


def _shaped(shape: Any, value: Any) -> Any:
    """Return ``value`` without read-only fields, which ``shape`` does not have."""
    match shape:
        case {"fields": fields} if isinstance(value, dict):
            return {
                name: _shaped(fields[name], entry)
                for name, entry in value.items()
                if name in fields and entry is not None
            }
        case {"list": inner} if isinstance(value, list):
            return [_shaped(inner, item) for item in value]
        case _:
            return value
