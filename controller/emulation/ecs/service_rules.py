"""Fields and validation of CreateService and UpdateService."""

import re

from controller.emulation.ecs import wording
from controller.emulation.ecs.errors import client_error, invalid
from controller.emulation.ecs.state import Body, Definition

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
TOKEN = re.compile(r"[!-~]{1,36}")

# botocore's documentation of UpdateService: "This parameter triggers a new
# service deployment."
REVISION_FIELDS = (
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
# Further fields of a revision; a change of these alone starts no deployment.
PASSIVE_FIELDS = ("launchType", "capacityProviderStrategy", "platformFamily")
SETTING_FIELDS = (
    "deploymentConfiguration",
    "availabilityZoneRebalancing",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "schedulingStrategy",
    "deploymentController",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "monitoring",
    "gatewayConnectors",
    "role",
)
STORED_FIELDS = REVISION_FIELDS + PASSIVE_FIELDS + SETTING_FIELDS


def stored_fields(body: Body) -> Body:
    """Return the fields of a request that the service stores."""
    return {k: body[k] for k in STORED_FIELDS if body.get(k) is not None}


def revision_fields(fields: Body) -> Body:
    """Return the fields that make up a service revision."""
    return {k: fields[k] for k in REVISION_FIELDS + PASSIVE_FIELDS if k in fields}


def needs_deployment(before: Body, after: Body) -> bool:
    """Return True if the change of fields needs a new deployment."""
    return any(before.get(name) != after.get(name) for name in REVISION_FIELDS)


def check_forced(before: Body, after: Body, *, forced: bool) -> None:
    """Refuse a changed capacity provider strategy without a forced deployment.

    ``before`` and ``after`` are filled in.
    """
    field = "capacityProviderStrategy"
    if not forced and _providers(before.get(field)) != _providers(after.get(field)):
        raise invalid(wording.NOT_FORCED)


def _providers(strategy: list[Body] | None) -> dict[str, Body]:
    return {str(item["capacityProvider"]): item for item in strategy or ()}


def with_revision(fields: Body, revision: Body) -> Body:
    """Return ``fields`` with all fields of a revision replaced by ``revision``."""
    replaced = REVISION_FIELDS + PASSIVE_FIELDS
    return {k: v for k, v in fields.items() if k not in replaced} | revision


def check_creation(body: Body) -> None:
    """Refuse a CreateService with invalid or contradictory parameters."""
    if not NAME.fullmatch(body["serviceName"]):
        message = (
            "Invalid identifier for service name. Use up to 255 letters, numbers, "
            "hyphens and underscores."
        )
        raise invalid(message)
    if "clientToken" in body and not TOKEN.fullmatch(body["clientToken"]):
        message = "clientToken must have 1 to 36 characters of the range 33-126."
        raise invalid(message)
    if body.get("launchType") and body.get("capacityProviderStrategy"):
        message = (
            "Specifying both a launch type and capacity provider strategy is not "
            "supported. Remove one and try again."
        )
        raise invalid(message)
    daemon = body.get("schedulingStrategy") == "DAEMON"
    if daemon and body.get("launchType") == "FARGATE":
        message = "The daemon scheduling strategy is not supported for FARGATE."
        raise invalid(message)
    if not daemon and body.get("desiredCount") is None:
        message = "desiredCount is required for the REPLICA scheduling strategy."
        raise invalid(message)


def check_fields(fields: Body, desired: int, definition: Definition | None) -> None:
    """Refuse fields that contradict each other or the task definition."""
    if desired < 0:
        message = "desiredCount must be 0 or more."
        raise invalid(message)
    if len(fields.get("serviceRegistries", [])) > 1:
        message = "Only one service registry is supported."
        raise invalid(message)
    _check_percents(fields.get("deploymentConfiguration", {}))
    if definition is not None:
        _check_network(fields, definition)
        for balancer in fields.get("loadBalancers", []):
            _check_port(balancer, definition)


def _check_percents(configuration: Body) -> None:
    maximum = configuration.get("maximumPercent", 200)
    minimum = configuration.get("minimumHealthyPercent", 100)
    if maximum < 100 or minimum < 0 or (maximum == 100 and minimum > 100):  # noqa: PLR2004
        message = "maximumPercent must be at least 100, minimumHealthyPercent 0."
        raise invalid(message)


def _check_network(fields: Body, definition: Definition) -> None:
    network = fields.get("networkConfiguration", {}).get("awsvpcConfiguration")
    awsvpc = definition.body.get("networkMode") == "awsvpc"
    if awsvpc and not (network and network.get("subnets")):
        message = (
            "Network Configuration must be provided when networkMode 'awsvpc' is "
            "specified."
        )
        raise invalid(message)
    if network and not awsvpc:
        message = (
            "Network Configuration is not valid for the given networkMode of this "
            "task definition."
        )
        raise invalid(message)


def _check_port(balancer: Body, definition: Definition) -> None:
    name, port = balancer.get("containerName"), balancer.get("containerPort")
    containers = {c["name"]: c for c in definition.body["containerDefinitions"]}
    container = containers.get(name)
    if container is None:
        message = f"The container {name} does not exist in the task definition."
        raise invalid(message)
    ports = {p.get("containerPort") for p in container.get("portMappings", [])}
    if port not in ports:
        message = f"The container {name} did not have a container port {port} defined."
        raise client_error(message)
