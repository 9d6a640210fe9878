"""Rules about the containers of a task definition (R14 to R29)."""

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
# In these the task has one address, so that a port is the host's as well.
_ONE_ADDRESS = frozenset({"awsvpc", "host"})


def r14_no_cpu(definition: Plain) -> None:
    """A container without a share of CPU has 0.

    Recorded; API reference, Container.cpu: "The value is 0 if no value was specified".
    """
    drop_defaults(definition, CONTAINERS, cpu=0)


def r15_essential(definition: Plain) -> None:
    """A container is essential unless it says otherwise.

    API reference, ContainerDefinition.essential: "If this parameter is omitted, a
    container is assumed to be essential".
    """
    drop_defaults(definition, CONTAINERS, essential=True)


def r16_no_memory(definition: Plain) -> None:
    """A limit or a reservation of 0 MiB is none.

    API reference, ContainerDefinition.memory: the least Docker takes is 6 MiB.
    """
    drop_defaults(definition, CONTAINERS, memory=0, memoryReservation=0)


def r17_off_by_default(definition: Plain) -> None:
    """What a container may do beyond the usual is off.

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
    """A container that was given no list has an empty one.

    Recorded: environment, mountPoints, volumesFrom, systemControls and portMappings
    always come back; through Cloud Control every list does.
    """
    for container in places(definition, CONTAINERS):
        for name in [name for name, value in container.items() if value in ([], {})]:
            del container[name]


def r19_tcp(definition: Plain) -> None:
    """A port speaks tcp unless it says otherwise.

    API reference, PortMapping.protocol: "The default is tcp".
    """
    for port in places(definition, _PORTS):
        port["protocol"] = port.get("protocol") or "tcp"


def r20_host_port(definition: Plain) -> None:
    """The host's port is the container's in awsvpc, and any in bridge.

    API reference, PortMapping.hostPort: set to the container's for awsvpc and host; 0,
    or left out, is a port that is chosen for bridge.
    """
    if definition.get("networkMode") not in _ONE_ADDRESS:
        drop_defaults(definition, _PORTS, hostPort=0)
        return
    for port in places(definition, _PORTS):
        if port.get("containerPort") and port.get("hostPort") in (None, 0):
            port["hostPort"] = port["containerPort"]


def r21_ranges_have_no_host_port(definition: Plain) -> None:
    """A range of ports has no host's port; its host's range is ECS's to choose.

    API reference, PortMapping.containerPortRange and NetworkBinding.hostPortRange.
    """
    for port in places(definition, _PORTS):
        if port.get("containerPortRange"):
            drop_defaults(port, "", hostPort=0, containerPort=0)


def r22_health_check_times(definition: Plain) -> None:
    """A check runs every 30 s, may take 5 s and fail 3 times, from the start.

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
    """What is mounted can be written to unless it says otherwise.

    API reference, MountPoint.readOnly: "The default value is false"; VolumeFrom too.
    """
    drop_defaults(definition, f"{CONTAINERS}.mountPoints.*", readOnly=False)
    drop_defaults(definition, f"{CONTAINERS}.volumesFrom.*", readOnly=False)


def r24_version_consistency(definition: Plain) -> None:
    """Tags are resolved to digests unless that is turned off.

    API reference, ContainerDefinition.versionConsistency: "the value is enabled".
    """
    drop_defaults(definition, CONTAINERS, versionConsistency="enabled")


def r25_linux_parameters(definition: Plain) -> None:
    """A block of Linux parameters that asks for nothing is none.

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
    """A container that may restart must have run for 300 s, and ignores no code.

    API reference, ContainerRestartPolicy.restartAttemptPeriod: "By default, a container
    must run for 300 seconds"; ignoredExitCodes is a set. A policy that is off stays: it
    says so.
    """
    at = f"{CONTAINERS}.restartPolicy"
    sort_at(definition, at, "ignoredExitCodes")
    drop_defaults(definition, at, restartAttemptPeriod=300, ignoredExitCodes=[])


def r27_stop_timeout(definition: Plain) -> None:
    """On Fargate a container has 30 s to stop, said or not.

    API reference, ContainerDefinition.stopTimeout: "the default value of 30 seconds is
    used". It is not given back when it was not given; on EC2 the agent has its own.
    """
    if on_fargate(definition):
        drop_defaults(definition, CONTAINERS, stopTimeout=30)


def r28_log_secrets(definition: Plain) -> None:
    """Secrets of a log driver go by name, and no list of them is an empty one.

    API reference, LogConfiguration.secretOptions. The option ``mode`` is never filled
    in: its default is the account's since June 2025, not the same everywhere.
    """
    at = f"{CONTAINERS}.logConfiguration"
    key_by(definition, at, "secretOptions", _name, _value_from)
    drop_defaults(definition, at, secretOptions={})


def r29_router_is_root(definition: Plain) -> None:
    """A log router runs as user 0, said or not.

    ECS fills in "0" and refuses any other (hashicorp/terraform-provider-aws#41394).
    """
    for container in places(definition, CONTAINERS):
        if container.get("firelensConfiguration"):
            drop_defaults(container, "", user="0")


def r29_requirements(definition: Plain) -> None:
    """Required resources go by type, in any order.

    API reference, ResourceRequirement: GPU, InferenceAccelerator or NeuronDevice.
    """
    key_by(definition, CONTAINERS, "resourceRequirements", lambda item: item["type"])


def _name(item: Plain) -> str:
    return str(item["name"])


def _value_from(item: Plain) -> str:
    return str(item.get("valueFrom", ""))
