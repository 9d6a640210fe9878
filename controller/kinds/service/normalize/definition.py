"""Rules about a task definition as a whole (R5 to R13)."""

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
    """What DescribeTaskDefinition adds and RegisterTaskDefinition does not take.

    API reference, TaskDefinition against RegisterTaskDefinition. The accelerators of
    Elastic Inference, which has ended, are content: an empty list, most of the time.
    """
    for name in _READ_ONLY & definition.keys():
        del definition[name]


def r06_tags_are_apart(definition: Plain) -> None:
    """Tags stand beside a task definition, and only when they are asked for.

    API reference, DescribeTaskDefinition: ``include`` and the answer's ``tags``. No
    tags in what was not asked for them says nothing.
    """
    definition.pop("tags", None)


def r07_bridge_by_default(definition: Plain) -> None:
    """A definition without a network mode has ``bridge``.

    API reference, TaskDefinition.networkMode: "If no network mode is specified, the
    default is bridge".
    """
    drop_defaults(definition, "", networkMode="bridge")


def r08_amounts_in_units(definition: Plain) -> None:
    """CPU and memory are counted in units: 1 vCPU is 1024, and 2 GB is 2048.

    API reference, TaskDefinition.cpu: "1 vCPU or 1 vcpu ... is converted to an integer
    indicating the CPU units when the task definition is registered"; so is memory.
    """
    for name, unit in (("cpu", "vcpu"), ("memory", "gb")):
        if isinstance(definition.get(name), str):
            definition[name] = _amount(definition[name], unit)


def r09_own_namespaces(definition: Plain) -> None:
    """An empty ``pidMode`` or ``ipcMode`` is none.

    API reference, TaskDefinition.pidMode: "If no value is specified, the default is a
    private namespace for each container"; ipcMode depends on the instance's daemon.
    """
    drop_defaults(definition, "", pidMode="", ipcMode="")


def r35_no_role(definition: Plain) -> None:
    """A role without a name is none.

    API reference, RegisterTaskDefinition.taskRoleArn: the parameter is not required;
    clients such as ecs-deploy send "" for a role that they do not know.
    """
    drop_defaults(definition, "", taskRoleArn="", executionRoleArn="")


def r10_no_fault_injection(definition: Plain) -> None:
    """Fault injection is off unless it is turned on.

    API reference, TaskDefinition.enableFaultInjection: "The default value is false".
    """
    drop_defaults(definition, "", enableFaultInjection=False)


def r11_twenty_gib_of_storage(definition: Plain) -> None:
    """A task on Fargate has 20 GiB of its own, said or not.

    Developer guide, "Fargate task ephemeral storage". It is not given back when it was
    not asked for (not confirmed); a request for it starts at 21.
    """
    if on_fargate(definition):
        drop_defaults(definition, "", ephemeralStorage={"sizeInGiB": 20})


def r12_linux_on_x86(definition: Plain) -> None:
    """On Fargate a task runs on Linux and X86_64 unless it says otherwise.

    API reference, RuntimePlatform; nothing is given back that was not given
    (recorded). On EC2 the platform is the instance's, and saying it is a choice.
    """
    if on_fargate(definition):
        drop_defaults(
            definition,
            "runtimePlatform",
            cpuArchitecture="X86_64",
            operatingSystemFamily="LINUX",
        )


def r13_plain_volumes(definition: Plain) -> None:
    """A volume says nothing by an empty host, or by EFS's own defaults.

    Recorded: ``host`` comes back empty. API reference, EFSVolumeConfiguration:
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
    """A proxy is App Mesh's.

    API reference, ProxyConfiguration.type: "The only supported value is APPMESH".
    """
    drop_defaults(definition, "proxyConfiguration", type="APPMESH")


def on_fargate(definition: Plain) -> bool:
    """Whether a definition asks to be held against what Fargate takes."""
    return "FARGATE" in (definition.get("requiresCompatibilities") or ())


def _amount(value: Any, unit: str) -> str:
    text = str(value).strip()
    found = re.fullmatch(rf"([0-9]*\.?[0-9]+)\s*{unit}", text, re.IGNORECASE)
    return str(int(float(found[1]) * UNITS)) if found else text
