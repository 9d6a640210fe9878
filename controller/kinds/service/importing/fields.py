"""A live service in the words of the document: all that can be said, said at once.

What follows from the rest anyway is taken out afterwards; see ``minimal``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from controller.core.document.reference import SecretReference
from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied
from controller.kinds.service.spec.aws_schema import shapes

_CURL = re.compile(r"curl -f http://localhost:[0-9]+(/\S*) \|\| exit 1")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_SSM = re.compile(r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter(/.*)")
# What the document settles in words of its own, or never.
_OURS_OF_TASK = frozenset({"family", "tags", "inferenceAccelerators"})
_OURS_OF_SERVICE = frozenset(
    {"serviceName", "cluster", "taskDefinition", "clientToken", "desiredCount", "tags"}
)


def words(
    name: str, definition: Mapping[str, Any], service: Mapping[str, Any]
) -> Plain:
    """Return every field that ``definition`` and ``service`` can be said in.

    Args:
        name: Of the service, which is that of its own container, too.
        definition: As DescribeTaskDefinition answers.
        service: As DescribeServices answers.
    """
    containers = [copied(c) for c in definition.get("containerDefinitions", ())]
    own = own_container(name, containers)
    said: Plain = {
        **_size(definition),
        **_container(own),
        **_roles(definition),
        **_service(service),
        "architecture": definition.get("runtimePlatform", {}).get("cpuArchitecture"),
    }
    others = [{**c, "name": name} if c is own else c for c in containers]
    for container in others:
        # They are said in the document's own words already.
        if container["name"] == name:
            container.pop("image", None)
    raw = {**definition, "containerDefinitions": others}
    said["task"] = _known(raw, "task", _OURS_OF_TASK)
    said["service"] = _known(_created(service), "service", _OURS_OF_SERVICE)
    return {key: value for key, value in said.items() if value not in (None, [], {})}


def own_container(name: str, containers: list[Plain]) -> Plain:
    """Return the container that is the service's: by name, or the first essential."""
    for container in containers:
        if container["name"] == name:
            return container
    return next((c for c in containers if c.get("essential", True)), containers[0])


def logs_of(definition: Mapping[str, Any]) -> str:
    """Return the log group that the first container to name one writes to."""
    for container in definition.get("containerDefinitions", ()):
        options = container.get("logConfiguration", {}).get("options", {})
        if options.get("awslogs-group"):
            return str(options["awslogs-group"])
    return ""


def reference(value_from: str) -> dict[str, str] | None:
    """Return a secret's place in the document's words; None if it has none there."""
    text = re.sub(":+$", "", value_from)
    parameter = _SSM.fullmatch(text)
    ssm = parameter[1] if parameter else text
    said = {"ssm": ssm} if ssm.startswith("/") else {"secretsmanager": text}
    try:
        SecretReference.model_validate(said)
    except ValidationError:
        return None
    return said


def _size(definition: Mapping[str, Any]) -> Plain:
    amounts = {key: str(definition.get(key, "")) for key in ("cpu", "memory")}
    return {key: int(text) for key, text in amounts.items() if text.isdecimal()}


def _container(container: Plain) -> Plain:
    ports = container.get("portMappings") or [{}]
    options = container.get("logConfiguration", {}).get("options", {})
    return {
        "image": container["image"],
        "port": ports[0].get("containerPort"),
        "command": container.get("command"),
        "environment": dict(sorted(_environment(container))),
        "secrets": dict(sorted(_secrets(container))),
        "health": _health(container.get("healthCheck")),
        "log_group": options.get("awslogs-group"),
    }


def _environment(container: Plain) -> Iterator[tuple[str, str]]:
    for item in container.get("environment", ()):
        if _NAME.fullmatch(item["name"]):
            yield item["name"], item.get("value", "")


def _secrets(container: Plain) -> Iterator[tuple[str, Plain]]:
    for item in container.get("secrets", ()):
        said = reference(item["valueFrom"])
        if said is not None and _NAME.fullmatch(item["name"]):
            yield item["name"], said


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
    """Return the fields of ``service`` as CreateService takes them."""
    fields: Plain = copied(dict(service))
    for deployment in fields.get("deployments", ()):
        # DescribeServices tells of these only as parts of the deployment.
        if deployment.get("status") == "PRIMARY":
            for name in ("serviceConnectConfiguration", "volumeConfigurations"):
                if deployment.get(name):
                    fields.setdefault(name, deployment[name])
    if fields.get("capacityProviderStrategy"):
        fields.pop("launchType", None)
    if fields.get("availabilityZoneRebalancing") == "ENABLED":
        # What CreateService chooses when nobody says; API reference.
        del fields["availabilityZoneRebalancing"]
    role = str(fields.get("roleArn", ""))
    if role and "aws-service-role" not in role:
        fields["role"] = role
    return fields


def _known(fields: Plain, which: str, ours: frozenset[str]) -> Plain:
    """Return of ``fields`` what the document takes under ``which``."""
    known: Plain = _shaped(shapes()[which], fields)
    return {k: v for k, v in known.items() if k not in ours}


def _shaped(shape: Any, value: Any) -> Any:
    """Return ``value`` without what ``shape`` does not know: what AWS only tells."""
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
