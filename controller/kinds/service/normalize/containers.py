"""Rules for the containers of a task definition (R14 to R29)."""

from controller.core.values.paths import (
    Plain,
    drop_defaults,
    key_by,
    places,
    sort_at,
)
from controller.kinds.service.normalize.definition import on_fargate

CONTAINERS = "containerDefinitions.*"
_PORTS = "containerDefinitions.*.portMappings.*"
_ALL_PERMISSIONS = ["mknod", "read", "write"]
# In these modes a container port is also the host port.
_ONE_ADDRESS = frozenset({"awsvpc", "host"})


def r14_no_cpu(definition: Plain) -> None:
    """The CPU share of a container defaults to 0.

    Recorded; API reference, Container.cpu: "The value is 0 if no value was specified".
    """
    drop_defaults(definition, CONTAINERS, cpu=0)


def r15_essential(definition: Plain) -> None:
    """A container is essential by default.

    API reference, ContainerDefinition.essential: "If this parameter is omitted, a
    container is assumed to be essential".
    """
    drop_defaults(definition, CONTAINERS, essential=True)


def r16_no_memory(definition: Plain) -> None:
    """A memory limit or reservation of 0 MiB equals none.

    API reference, ContainerDefinition.memory: the least Docker takes is 6 MiB.
    """
    drop_defaults(definition, CONTAINERS, memory=0, memoryReservation=0)


def r17_off_by_default(definition: Plain) -> None:
    """Privileged mode, read-only root, terminals and network isolation default to off.

    API reference, ContainerDefinition: privileged, readonlyRootFilesystem,
    interactive, pseudoTerminal and disableNetworking map to Docker's flags, all off.
    """
    drop_defaults(
        definition,
        CONTAINERS,
        privileged=False,
        readonlyRootFilesystem=False,
        interactive=False,
        pseudoTerminal=False,
        disableNetworking=False,
    )


def r18_empty_lists(definition: Plain) -> None:
    """An empty list of a container equals an absent one.

    Recorded: environment, mountPoints, volumesFrom, systemControls and portMappings are
    always returned; Cloud Control returns every list.
    """
    for container in places(definition, CONTAINERS):
        for name in [name for name, value in container.items() if value in ([], {})]:
            del container[name]


def r19_tcp(definition: Plain) -> None:
    """The protocol of a port defaults to tcp.

    API reference, PortMapping.protocol: "The default is tcp".
    """
    for port in places(definition, _PORTS):
        port["protocol"] = port.get("protocol") or "tcp"


def r20_host_port(definition: Plain) -> None:
    """The host port defaults to the container port, or in bridge mode to any port.

    API reference, PortMapping.hostPort: set to the container port for awsvpc and host;
    if 0 or absent, ECS chooses a port for bridge.
    """
    if definition.get("networkMode") not in _ONE_ADDRESS:
        drop_defaults(definition, _PORTS, hostPort=0)
        return
    for port in places(definition, _PORTS):
        if port.get("containerPort") and port.get("hostPort") in (None, 0):
            port["hostPort"] = port["containerPort"]


def r21_ranges_have_no_host_port(definition: Plain) -> None:
    """A port range has no host port; ECS chooses the host range.

    API reference, PortMapping.containerPortRange and NetworkBinding.hostPortRange.
    """
    for port in places(definition, _PORTS):
        if port.get("containerPortRange"):
            drop_defaults(port, "", hostPort=0, containerPort=0)


def r22_health_check_times(definition: Plain) -> None:
    """A health check defaults to every 30 s, timeout 5 s, 3 retries, no start period.

    API reference, HealthCheck: interval, timeout and retries; startPeriod is "off by
    default".
    """
    drop_defaults(
        definition,
        f"{CONTAINERS}.healthCheck",
        interval=30,
        timeout=5,
        retries=3,
        startPeriod=0,
    )


def r23_writable(definition: Plain) -> None:
    """Mounts are writable by default.

    API reference, MountPoint.readOnly: "The default value is false"; VolumeFrom too.
    """
    drop_defaults(definition, f"{CONTAINERS}.mountPoints.*", readOnly=False)
    drop_defaults(definition, f"{CONTAINERS}.volumesFrom.*", readOnly=False)


def r24_version_consistency(definition: Plain) -> None:
    """Tags are resolved to digests by default.

    API reference, ContainerDefinition.versionConsistency: "the value is enabled".
    """
    drop_defaults(definition, CONTAINERS, versionConsistency="enabled")


def r25_linux_parameters(definition: Plain) -> None:
    """Linux parameters without a setting equal none.

    API reference, LinuxParameters: initProcessEnabled is off, and the lists are empty;
    Device.permissions: "By default, ... permissions for read, write, and mknod".
    """
    at = f"{CONTAINERS}.linuxParameters"
    drop_defaults(definition, f"{at}.devices.*", permissions=_ALL_PERMISSIONS)
    drop_defaults(definition, at, initProcessEnabled=False, devices=[], tmpfs=[])
    drop_defaults(definition, f"{at}.capabilities", add=[], drop=[])
    drop_defaults(definition, at, capabilities={})
    drop_defaults(definition, CONTAINERS, linuxParameters={})


def r26_restart_policy(definition: Plain) -> None:
    """A restart policy defaults to 300 s and no ignored exit codes.

    API reference, ContainerRestartPolicy.restartAttemptPeriod: "By default, a container
    must run for 300 seconds"; ignoredExitCodes is a set. A disabled policy is kept.
    """
    at = f"{CONTAINERS}.restartPolicy"
    sort_at(definition, at, "ignoredExitCodes")
    drop_defaults(definition, at, restartAttemptPeriod=300, ignoredExitCodes=[])


def r27_stop_timeout(definition: Plain) -> None:
    """The stop timeout on Fargate defaults to 30 s.

    API reference, ContainerDefinition.stopTimeout: "the default value of 30 seconds is
    used". An absent timeout is not returned; on EC2 the agent has its own default.
    """
    if on_fargate(definition):
        drop_defaults(definition, CONTAINERS, stopTimeout=30)


def r28_log_secrets(definition: Plain) -> None:
    """Secrets of a log driver are keyed by name; an empty list equals none.

    API reference, LogConfiguration.secretOptions. The option ``mode`` gets no default:
    since June 2025 its default is an account setting.
    """
    at = f"{CONTAINERS}.logConfiguration"
    key_by(definition, at, "secretOptions", _name, _value_from)
    drop_defaults(definition, at, secretOptions={})


def r29_router_is_root(definition: Plain) -> None:
    """A log router runs as user 0 by default.

    ECS fills in "0" and refuses any other (hashicorp/terraform-provider-aws#41394).
    """
    for container in places(definition, CONTAINERS):
        if container.get("firelensConfiguration"):
            drop_defaults(container, "", user="0")


def r29_requirements(definition: Plain) -> None:
    """Resource requirements are keyed by type, in any order.

    API reference, ResourceRequirement: GPU, InferenceAccelerator or NeuronDevice.
    """
    key_by(definition, CONTAINERS, "resourceRequirements", lambda item: item["type"])


def _name(item: Plain) -> str:
    return str(item["name"])


def _value_from(item: Plain) -> str:
    return str(item.get("valueFrom", ""))
