"""Limits of ECS for numbers, lists and texts in AWS fields.

Each limit is from the Amazon ECS API reference, which botocore's model quotes; the last
column names the page. ECS itself reports one violation at a time, minutes later.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.core.document.fields import INT32, Mistake

_PORTS = 65_535
_CONTAINER = "task.containerDefinitions.*"
_ROLLOUT = "service.deploymentConfiguration"
_CONNECT = "service.serviceConnectConfiguration"
_VOLUME = "service.volumeConfigurations.*.managedEBSVolume"
_MPS = f"{_CONTAINER}.resourceRequirements.*.sharingStrategy.nvidiaMps"


@dataclass(frozen=True, slots=True)
class FieldLimit:
    """Bounds of a number, or of the length of a list or a text.

    Attributes:
        path: Path of the field; ``*`` stands for each entry of a list.
        least: Minimum.
        most: Maximum.
        source: Page of the API reference.
        fargate: True if the limit applies to Fargate only.
    """

    path: str
    least: float
    most: float
    source: str
    fargate: bool = False


LIMITS = (
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
    FieldLimit(f"{_ROLLOUT}.minimumHealthyPercent", 0, 100, "DeploymentConfiguration"),
    FieldLimit(f"{_ROLLOUT}.maximumPercent", 100, INT32, "DeploymentConfiguration"),
    FieldLimit(
        f"{_ROLLOUT}.canaryConfiguration.canaryPercent",
        0.1,
        100.0,
        "CanaryConfiguration",
    ),
    FieldLimit(
        f"{_ROLLOUT}.canaryConfiguration.canaryBakeTimeInMinutes",
        0,
        1440,
        "CanaryConfiguration",
    ),
    FieldLimit(
        f"{_ROLLOUT}.linearConfiguration.stepPercent", 3.0, 100.0, "LinearConfiguration"
    ),
    FieldLimit(
        f"{_ROLLOUT}.linearConfiguration.stepBakeTimeInMinutes",
        0,
        1440,
        "LinearConfiguration",
    ),
    FieldLimit(
        f"{_ROLLOUT}.lifecycleHooks.*.timeoutConfiguration.timeoutInMinutes",
        1,
        20_160,
        "TimeoutConfiguration.timeoutInMinutes",
    ),
    FieldLimit(
        f"{_ROLLOUT}.earlySuccessCriteria.healthyPercent",
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


def limit_violations(
    task: Mapping[str, Any], service: Mapping[str, Any]
) -> Iterator[Mistake]:
    """Yield every number, list and text that exceeds a limit of ECS."""
    fields = {"task": task, "service": service}
    on_fargate = "FARGATE" in task.get("requiresCompatibilities", ("FARGATE",))
    for limit in LIMITS:
        if limit.fargate and not on_fargate:
            continue
        for path, value in _values(fields, limit.path.split("."), ()):
            yield from _violation(limit, path, value)


def _values(
    value: Any, pattern: Sequence[str], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield the values below ``value`` that match ``pattern``, with their paths."""
    if not pattern:
        yield path, value
    elif pattern[0] == "*":
        for index, item in enumerate(value):
            yield from _values(item, pattern[1:], (*path, index))
    elif pattern[0] in value:
        yield from _values(value[pattern[0]], pattern[1:], (*path, pattern[0]))


def _violation(
    limit: FieldLimit, path: tuple[str | int, ...], value: Any
) -> Iterator[Mistake]:
    measure = value if isinstance(value, int | float) else len(value)
    if limit.least <= measure <= limit.most:
        return
    match value:
        case str():
            what = f"has {measure} characters"
        case list():
            what = f"has {measure} entries"
        case _:
            what = f"is {value}"
    allowed = f"{limit.least} to {limit.most}"
    if limit.most == INT32:
        allowed = f"{limit.least} or more"
    platform = " on Fargate" if limit.fargate else ""
    hint = f"allowed: {allowed}{platform} (ECS API reference, {limit.source})"
    yield Mistake(path, f"{what}, which ECS refuses", hint)
