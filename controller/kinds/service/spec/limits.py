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
class Bound:
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
    Bound("task.containerDefinitions", 0, 10, "Service quotas: containers"),
    Bound(f"{_CONTAINER}.name", 1, 255, "ContainerDefinition.name"),
    Bound(f"{_CONTAINER}.cpu", 0, 262_144, "ContainerDefinition.cpu"),
    Bound(f"{_CONTAINER}.memory", 0, INT32, "ContainerDefinition.memory"),
    Bound(f"{_CONTAINER}.memoryReservation", 0, INT32, "ContainerDefinition"),
    Bound(f"{_CONTAINER}.stopTimeout", 0, 120, "stopTimeout", fargate=True),
    Bound(f"{_CONTAINER}.credentialSpecs", 0, 1, "credentialSpecs"),
    Bound(f"{_CONTAINER}.portMappings.*.containerPort", 0, _PORTS, "PortMapping"),
    Bound(f"{_CONTAINER}.portMappings.*.hostPort", 0, _PORTS, "PortMapping"),
    Bound(f"{_CONTAINER}.portMappings.*.name", 0, 64, "PortMapping.name"),
    Bound(f"{_CONTAINER}.healthCheck.interval", 5, 300, "HealthCheck.interval"),
    Bound(f"{_CONTAINER}.healthCheck.timeout", 2, 60, "HealthCheck.timeout"),
    Bound(f"{_CONTAINER}.healthCheck.retries", 1, 10, "HealthCheck.retries"),
    Bound(f"{_CONTAINER}.healthCheck.startPeriod", 0, 300, "HealthCheck.startPeriod"),
    Bound(
        f"{_CONTAINER}.restartPolicy.restartAttemptPeriod",
        60,
        1800,
        "ContainerRestartPolicy.restartAttemptPeriod",
    ),
    Bound(
        f"{_CONTAINER}.restartPolicy.ignoredExitCodes",
        0,
        50,
        "ContainerRestartPolicy.ignoredExitCodes",
    ),
    Bound(f"{_CONTAINER}.linuxParameters.swappiness", 0, 100, "LinuxParameters"),
    Bound(f"{_CONTAINER}.linuxParameters.maxSwap", 0, INT32, "LinuxParameters"),
    Bound(f"{_MPS}.memory", 1, INT32, "NvidiaMps.memory"),
    Bound(f"{_MPS}.maxComputePercent", 1, 100, "NvidiaMps.maxComputePercent"),
    Bound("task.placementConstraints", 0, 10, "placementConstraints"),
    Bound("task.ephemeralStorage.sizeInGiB", 21, 200, "EphemeralStorage.sizeInGiB"),
    Bound("task.volumes.*.name", 1, 255, "Volume.name"),
    Bound(
        "task.volumes.*.efsVolumeConfiguration.transitEncryptionPort",
        0,
        _PORTS,
        "EFSVolumeConfiguration.transitEncryptionPort",
    ),
    Bound("task.tags", 0, 50, "Tag"),
    Bound("task.tags.*.key", 1, 128, "Tag.key"),
    Bound("task.tags.*.value", 0, 256, "Tag.value"),
    Bound("service.tags", 0, 50, "Tag"),
    Bound("service.tags.*.key", 1, 128, "Tag.key"),
    Bound("service.tags.*.value", 0, 256, "Tag.value"),
    Bound("service.desiredCount", 0, INT32, "CreateService.desiredCount"),
    Bound(
        "service.healthCheckGracePeriodSeconds",
        0,
        INT32,
        "CreateService.healthCheckGracePeriodSeconds",
    ),
    Bound("service.capacityProviderStrategy", 0, 20, "capacityProviderStrategy"),
    Bound(
        "service.capacityProviderStrategy.*.weight",
        0,
        1000,
        "CapacityProviderStrategyItem.weight",
    ),
    Bound(
        "service.capacityProviderStrategy.*.base",
        0,
        100_000,
        "CapacityProviderStrategyItem.base",
    ),
    Bound("service.placementConstraints", 0, 10, "placementConstraints"),
    Bound("service.placementConstraints.*.expression", 0, 2000, "PlacementConstraint"),
    Bound("service.placementStrategy", 0, 5, "placementStrategy"),
    Bound(
        "service.networkConfiguration.awsvpcConfiguration.subnets",
        0,
        16,
        "AwsVpcConfiguration.subnets",
    ),
    Bound(
        "service.networkConfiguration.awsvpcConfiguration.securityGroups",
        0,
        5,
        "AwsVpcConfiguration.securityGroups",
    ),
    Bound(f"{_HOW}.minimumHealthyPercent", 0, 100, "DeploymentConfiguration"),
    Bound(f"{_HOW}.maximumPercent", 100, INT32, "DeploymentConfiguration"),
    Bound(
        f"{_HOW}.canaryConfiguration.canaryPercent", 0.1, 100.0, "CanaryConfiguration"
    ),
    Bound(
        f"{_HOW}.canaryConfiguration.canaryBakeTimeInMinutes",
        0,
        1440,
        "CanaryConfiguration",
    ),
    Bound(f"{_HOW}.linearConfiguration.stepPercent", 3.0, 100.0, "LinearConfiguration"),
    Bound(
        f"{_HOW}.linearConfiguration.stepBakeTimeInMinutes",
        0,
        1440,
        "LinearConfiguration",
    ),
    Bound(
        f"{_HOW}.lifecycleHooks.*.timeoutConfiguration.timeoutInMinutes",
        1,
        20_160,
        "TimeoutConfiguration.timeoutInMinutes",
    ),
    Bound(
        f"{_HOW}.earlySuccessCriteria.healthyPercent",
        0,
        100,
        "DeploymentEarlySuccessCriteria.healthyPercent",
    ),
    Bound(f"{_CONNECT}.services.*.discoveryName", 0, 64, "ServiceConnectService"),
    Bound(f"{_CONNECT}.services.*.clientAliases", 0, 1, "clientAliases"),
    Bound(
        f"{_CONNECT}.services.*.clientAliases.*.port",
        0,
        _PORTS,
        "ServiceConnectClientAlias.port",
    ),
    Bound(
        f"{_CONNECT}.services.*.clientAliases.*.dnsName",
        0,
        127,
        "ServiceConnectClientAlias.dnsName",
    ),
    Bound(
        f"{_CONNECT}.services.*.ingressPortOverride",
        0,
        _PORTS,
        "ServiceConnectService.ingressPortOverride",
    ),
    Bound(f"{_VOLUME}.throughput", 0, 1000, "ServiceManagedEBSVolumeConfiguration"),
    Bound("service.gatewayConnectors", 0, 1, "gatewayConnectors"),
    Bound(
        "service.gatewayConnectors.*.deregistrationDelay.timeoutSeconds",
        0,
        3600,
        "DeregistrationDelay.timeoutSeconds",
    ),
    Bound("service.monitoring.metricConfigurations", 0, 5, "MonitoringConfiguration"),
    Bound(
        "service.monitoring.metricConfigurations.*.metricNames",
        0,
        5,
        "MetricConfiguration.metricNames",
    ),
    Bound(
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


def _beyond(bound: Bound, path: tuple[str | int, ...], value: Any) -> Iterator[Mistake]:
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
