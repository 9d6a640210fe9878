"""Rules for a task definition as a whole (R5 to R13, R33 and R35)."""

import re
from typing import Any

from controller.core.values.paths import (
    Plain,
    drop_defaults,
    places,
)

_READ_ONLY = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
    }
)
_VOLUME = "volumes.*"
_EFS = "volumes.*.efsVolumeConfiguration"
_S3 = "volumes.*.s3filesVolumeConfiguration"
UNITS = 1024


def r05_read_only(definition: Plain) -> None:
    """Read-only fields of DescribeTaskDefinition are ignored.

    API reference: in TaskDefinition, not in RegisterTaskDefinition. The accelerators of
    the discontinued Elastic Inference are compared; usually they are an empty list.
    """
    for name in _READ_ONLY & definition.keys():
        del definition[name]


def r06_tags_are_apart(definition: Plain) -> None:
    """Tags are compared separately from the task definition.

    API reference, DescribeTaskDefinition: tags are returned only with ``include``, so
    their absence means nothing.
    """
    definition.pop("tags", None)


def r07_bridge_by_default(definition: Plain) -> None:
    """The network mode defaults to ``bridge``.

    API reference, TaskDefinition.networkMode: "If no network mode is specified, the
    default is bridge".
    """
    drop_defaults(definition, "", networkMode="bridge")


def r08_amounts_in_units(definition: Plain) -> None:
    """CPU and memory are compared in units: 1 vCPU is 1024, and 2 GB is 2048.

    API reference, TaskDefinition.cpu: "1 vCPU or 1 vcpu ... is converted to an integer
    indicating the CPU units when the task definition is registered"; so is memory.
    """
    for name, unit in (("cpu", "vcpu"), ("memory", "gb")):
        if isinstance(definition.get(name), str):
            definition[name] = _amount(definition[name], unit)


def r09_own_namespaces(definition: Plain) -> None:
    """An empty ``pidMode`` or ``ipcMode`` equals none.

    API reference, TaskDefinition.pidMode: "If no value is specified, the default is a
    private namespace for each container"; ipcMode depends on the instance's daemon.
    """
    drop_defaults(definition, "", pidMode="", ipcMode="")


def r35_no_role(definition: Plain) -> None:
    """A role with an empty name equals none.

    API reference, RegisterTaskDefinition.taskRoleArn: the parameter is not required;
    clients such as ecs-deploy send "" for an unset role.
    """
    drop_defaults(definition, "", taskRoleArn="", executionRoleArn="")


def r10_no_fault_injection(definition: Plain) -> None:
    """Fault injection is off by default.

    API reference, TaskDefinition.enableFaultInjection: "The default value is false".
    """
    drop_defaults(definition, "", enableFaultInjection=False)


def r11_twenty_gib_of_storage(definition: Plain) -> None:
    """Ephemeral storage on Fargate defaults to 20 GiB.

    Developer guide, "Fargate task ephemeral storage". An absent size is not returned
    (not confirmed); the least size that can be requested is 21.
    """
    if on_fargate(definition):
        drop_defaults(definition, "", ephemeralStorage={"sizeInGiB": 20})


def r12_linux_on_x86(definition: Plain) -> None:
    """The platform on Fargate defaults to Linux and X86_64.

    API reference, RuntimePlatform; an absent platform is not returned (recorded). On
    EC2 the instance determines the platform, and declaring one is a constraint.
    """
    if on_fargate(definition):
        drop_defaults(
            definition,
            "runtimePlatform",
            cpuArchitecture="X86_64",
            operatingSystemFamily="LINUX",
        )


def r13_plain_volumes(definition: Plain) -> None:
    """An empty host and the defaults of EFS in a volume equal none.

    Recorded: ``host`` is returned empty. API reference, EFSVolumeConfiguration:
    rootDirectory "/" and transitEncryption DISABLED; EFSAuthorizationConfig.iam
    DISABLED; Volume.configuredAtLaunch false; S3FilesVolumeConfiguration as EFS.
    """
    drop_defaults(definition, _VOLUME, host={}, configuredAtLaunch=False)
    drop_defaults(definition, _EFS, rootDirectory="/", transitEncryption="DISABLED")
    drop_defaults(definition, f"{_EFS}.authorizationConfig", iam="DISABLED")
    drop_defaults(definition, _S3, rootDirectory="/")
    for volume in places(definition, _VOLUME):
        docker = volume.get("dockerVolumeConfiguration")
        if isinstance(docker, dict):
            drop_defaults(docker, "", autoprovision=False)


def r33_app_mesh(definition: Plain) -> None:
    """The type of a proxy defaults to App Mesh.

    API reference, ProxyConfiguration.type: "The only supported value is APPMESH".
    """
    drop_defaults(definition, "proxyConfiguration", type="APPMESH")


def on_fargate(definition: Plain) -> bool:
    """Return True if the definition requires compatibility with Fargate."""
    return "FARGATE" in (definition.get("requiresCompatibilities") or ())


def _amount(value: Any, unit: str) -> str:
    text = str(value).strip()
    found = re.fullmatch(rf"([0-9]*\.?[0-9]+)\s*{unit}", text, re.IGNORECASE)
    return str(int(float(found[1]) * UNITS)) if found else text
