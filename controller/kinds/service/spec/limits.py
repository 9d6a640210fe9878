"""What ECS refuses for being too much or too little, in AWS's own words.

Each bound is from Amazon ECS's API reference, which botocore's model quotes; the last
column says where. ECS itself would tell of one at a time, minutes later.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.core.document.fields import INT32, Mistake

_PORTS = 65_535
_CONTAINER = "task.containerDefinitions.*"
_HOW = "service.deploymentConfiguration"
_CONNECT = "service.serviceConnectConfiguration"
_VOLUME = "service.volumeConfigurations.*.managedEBSVolume"
_MPS = f"{_CONTAINER}.resourceRequirements.*.sharingStrategy.nvidiaMps"


@dataclass(frozen=True, slots=True)
class FieldLimit:
    """How large a number, or how long a list or a text, may be.

    Attributes:
        path: Of the field; ``*`` is each entry of a list.
        least: The smallest there is.
        most: The largest there is.
        source: Where AWS says so.
        fargate: Whether it holds on Fargate alone.
    """

    path: str
    least: float
    most: float
    source: str
    fargate: bool = False


BOUNDS = (
    FieldLimit("task.containerDefinitions", 0, 10, "Service quotas: containers"),
    FieldLimit(f"{_CONTAINER}.name", 1, 255, "ContainerDefinition.name"),
    FieldLimit(f"{_CONTAINER}.cpu", 0, 262_144, "ContainerDefinition.cpu"),
    FieldLimit(f"{_CONTAINER}.memory", 0, INT32, "ContainerDefinition.memory"),
    FieldLimit(f"{_CONTAINER}.memoryReservation", 0, INT32, "ContainerDefinition"),
    FieldLimit(f"{_CONTAINER}.stopTimeout", 0, 120, "stopTimeout", fargate=True),
    FieldLimit(f"{_CONTAINER}.credentialSpecs", 0, 1, "credentialSpecs"),
    FieldLimit(f"{_CONTAINER}.portMappings.*.containerPort", 0, _PORTS, "PortMapping"),
    FieldLimit(f"{_CONTAINER}.portMappings.*.hostPort", 0, _PORTS, "PortMapping"),
    FieldLimit(f"{_CONTAINER}.portMappings.*.name", 0, 64, "PortMapping.name"),
    FieldLimit(f"{_CONTAINER}.healthCheck.interval", 5, 300, "HealthCheck.interval"),
    FieldLimit(f"{_CONTAINER}.healthCheck.timeout", 2, 60, "HealthCheck.timeout"),
    FieldLimit(f"{_CONTAINER}.healthCheck.retries", 1, 10, "HealthCheck.retries"),
    FieldLimit(
        f"{_CONTAINER}.healthCheck.startPeriod", 0, 300, "HealthCheck.startPeriod"
    ),
    FieldLimit(
        f"{_CONTAINER}.restartPolicy.restartAttemptPeriod",
        60,
        1800,
        "ContainerRestartPolicy.restartAttemptPeriod",
    ),
    FieldLimit(
        f"{_CONTAINER}.restartPolicy.ignoredExitCodes",
        0,
        50,
        "ContainerRestartPolicy.ignoredExitCodes",
    ),
    FieldLimit(f"{_CONTAINER}.linuxParameters.swappiness", 0, 100, "LinuxParameters"),
    FieldLimit(f"{_CONTAINER}.linuxParameters.maxSwap", 0, INT32, "LinuxParameters"),
    FieldLimit(f"{_MPS}.memory", 1, INT32, "NvidiaMps.memory"),
    FieldLimit(f"{_MPS}.maxComputePercent", 1, 100, "NvidiaMps.maxComputePercent"),
    FieldLimit("task.placementConstraints", 0, 10, "placementConstraints"),
    FieldLimit(
        "task.ephemeralStorage.sizeInGiB", 21, 200, "EphemeralStorage.sizeInGiB"
    ),
    FieldLimit("task.volumes.*.name", 1, 255, "Volume.name"),
    FieldLimit(
        "task.volumes.*.efsVolumeConfiguration.transitEncryptionPort",
        0,
        _PORTS,
        "EFSVolumeConfiguration.transitEncryptionPort",
    ),
    FieldLimit("task.tags", 0, 50, "Tag"),
    FieldLimit("task.tags.*.key", 1, 128, "Tag.key"),
    FieldLimit("task.tags.*.value", 0, 256, "Tag.value"),
    FieldLimit("service.tags", 0, 50, "Tag"),
    FieldLimit("service.tags.*.key", 1, 128, "Tag.key"),
    FieldLimit("service.tags.*.value", 0, 256, "Tag.value"),
    FieldLimit("service.desiredCount", 0, INT32, "CreateService.desiredCount"),
    FieldLimit(
        "service.healthCheckGracePeriodSeconds",
        0,
        INT32,
        "CreateService.healthCheckGracePeriodSeconds",
    ),
    FieldLimit("service.capacityProviderStrategy", 0, 20, "capacityProviderStrategy"),
    FieldLimit(
        "service.capacityProviderStrategy.*.weight",
        0,
        1000,
        "CapacityProviderStrategyItem.weight",
    ),
    FieldLimit(
        "service.capacityProviderStrategy.*.base",
        0,
        100_000,
        "CapacityProviderStrategyItem.base",
    ),
    FieldLimit("service.placementConstraints", 0, 10, "placementConstraints"),
    FieldLimit(
        "service.placementConstraints.*.expression", 0, 2000, "PlacementConstraint"
    ),
    FieldLimit("service.placementStrategy", 0, 5, "placementStrategy"),
    FieldLimit(
        "service.networkConfiguration.awsvpcConfiguration.subnets",
        0,
        16,
        "AwsVpcConfiguration.subnets",
    ),
    FieldLimit(
        "service.networkConfiguration.awsvpcConfiguration.securityGroups",
        0,
        5,
        "AwsVpcConfiguration.securityGroups",
    ),
    FieldLimit(f"{_HOW}.minimumHealthyPercent", 0, 100, "DeploymentConfiguration"),
    FieldLimit(f"{_HOW}.maximumPercent", 100, INT32, "DeploymentConfiguration"),
    FieldLimit(
        f"{_HOW}.canaryConfiguration.canaryPercent", 0.1, 100.0, "CanaryConfiguration"
    ),
    FieldLimit(
        f"{_HOW}.canaryConfiguration.canaryBakeTimeInMinutes",
        0,
        1440,
        "CanaryConfiguration",
    ),
    FieldLimit(
        f"{_HOW}.linearConfiguration.stepPercent", 3.0, 100.0, "LinearConfiguration"
    ),
    FieldLimit(
        f"{_HOW}.linearConfiguration.stepBakeTimeInMinutes",
        0,
        1440,
        "LinearConfiguration",
    ),
    FieldLimit(
        f"{_HOW}.lifecycleHooks.*.timeoutConfiguration.timeoutInMinutes",
        1,
        20_160,
        "TimeoutConfiguration.timeoutInMinutes",
    ),
    FieldLimit(
        f"{_HOW}.earlySuccessCriteria.healthyPercent",
        0,
        100,
        "DeploymentEarlySuccessCriteria.healthyPercent",
    ),
    FieldLimit(f"{_CONNECT}.services.*.discoveryName", 0, 64, "ServiceConnectService"),
    FieldLimit(f"{_CONNECT}.services.*.clientAliases", 0, 1, "clientAliases"),
    FieldLimit(
        f"{_CONNECT}.services.*.clientAliases.*.port",
        0,
        _PORTS,
        "ServiceConnectClientAlias.port",
    ),
    FieldLimit(
        f"{_CONNECT}.services.*.clientAliases.*.dnsName",
        0,
        127,
        "ServiceConnectClientAlias.dnsName",
    ),
    FieldLimit(
        f"{_CONNECT}.services.*.ingressPortOverride",
        0,
        _PORTS,
        "ServiceConnectService.ingressPortOverride",
    ),
    FieldLimit(
        f"{_VOLUME}.throughput", 0, 1000, "ServiceManagedEBSVolumeConfiguration"
    ),
    FieldLimit("service.gatewayConnectors", 0, 1, "gatewayConnectors"),
    FieldLimit(
        "service.gatewayConnectors.*.deregistrationDelay.timeoutSeconds",
        0,
        3600,
        "DeregistrationDelay.timeoutSeconds",
    ),
    FieldLimit(
        "service.monitoring.metricConfigurations", 0, 5, "MonitoringConfiguration"
    ),
    FieldLimit(
        "service.monitoring.metricConfigurations.*.metricNames",
        0,
        5,
        "MetricConfiguration.metricNames",
    ),
    FieldLimit(
        "service.monitoring.metricConfigurations.*.resolutionSeconds",
        20,
        60,
        "MetricConfiguration.resolutionSeconds",
    ),
)


def out_of_bounds(
    task: Mapping[str, Any], service: Mapping[str, Any]
) -> Iterator[Mistake]:
    """Yield every number, list and text that ECS would refuse for its size."""
    fields = {"task": task, "service": service}
    on_fargate = "FARGATE" in task.get("requiresCompatibilities", ("FARGATE",))
    for bound in BOUNDS:
        if bound.fargate and not on_fargate:
            continue
        for path, value in _at(fields, bound.path.split("."), ()):
            yield from _beyond(bound, path, value)


def _at(
    value: Any, way: Sequence[str], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if not way:
        yield path, value
    elif way[0] == "*":
        for index, item in enumerate(value):
            yield from _at(item, way[1:], (*path, index))
    elif way[0] in value:
        yield from _at(value[way[0]], way[1:], (*path, way[0]))


def _beyond(
    bound: FieldLimit, path: tuple[str | int, ...], value: Any
) -> Iterator[Mistake]:
    measure = value if isinstance(value, int | float) else len(value)
    if bound.least <= measure <= bound.most:
        return
    match value:
        case str():
            what = f"has {measure} characters"
        case list():
            what = f"has {measure} entries"
        case _:
            what = f"is {value}"
    allowed = f"{bound.least} to {bound.most}"
    if bound.most == INT32:
        allowed = f"{bound.least} or more"
    where = " on Fargate" if bound.fargate else ""
    hint = f"{allowed} will do{where} (ECS API reference, {bound.source})"
    yield Mistake(path, f"{what}, which ECS refuses", hint)
