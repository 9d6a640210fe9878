"""Rules for the form of values anywhere in an answer (R1 to R3)."""

from typing import Any

from controller.core.values.paths import (
    Plain,
    drop_defaults,
    places,
    without_empty,
)

# Their keys are chosen by users; ECS keeps them unchanged.
_OPAQUE = frozenset({"dockerLabels", "options", "driverOpts", "labels", "hookDetails"})
# Their keys are names after lists are converted to mappings.
_BY_NAME = frozenset(
    {
        "containerDefinitions",
        "environment",
        "secrets",
        "secretOptions",
        "ulimits",
        "portMappings",
        "volumesFrom",
        "mountPoints",
        "systemControls",
        "extraHosts",
        "properties",
        "dependsOn",
        "devices",
        "tmpfs",
        "volumes",
        "resourceRequirements",
        "tags",
    }
)


# Optional texts by path.
_TEXTS = {
    "containerDefinitions.*": ("hostname", "user", "workingDirectory"),
    "containerDefinitions.*.portMappings.*": (
        "name",
        "appProtocol",
        "containerPortRange",
    ),
    "volumes.*.host": ("sourcePath",),
    "volumes.*.efsVolumeConfiguration": ("rootDirectory", "transitEncryption"),
    "volumes.*.efsVolumeConfiguration.authorizationConfig": ("accessPointId", "iam"),
    "volumes.*.s3filesVolumeConfiguration": ("rootDirectory", "accessPointArn"),
}
# CloudFormation names that differ in more than the first letter.
_CLOUDFORMATION = {
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "FSxWindowsFileServerVolumeConfiguration": "fsxWindowsFileServerVolumeConfiguration",
    "FilesystemId": "fileSystemId",
    "IAM": "iam",
    "ProxyConfigurationProperties": "properties",
}


def r01_nothing_is_left_out(plain: Plain) -> None:
    """Null, an empty list and an empty mapping equal an absent field.

    Empty text is kept: a variable may be empty. DescribeServices and
    DescribeTaskDefinition return empty lists for absent fields (recorded).
    """
    kept = without_empty(plain)
    plain.clear()
    plain.update(kept)


def r01_empty_texts(plain: Plain) -> None:
    """An empty name, path or user equals none.

    API reference: none of these fields is required, and clients such as Terraform send
    "" for unset fields. Variables, labels and options keep their empty text.
    """
    for path, names in _TEXTS.items():
        for name in names:
            drop_defaults(plain, path, **{name: ""})


def r02_keys_start_small(plain: Plain) -> None:
    """Field names of CloudFormation equal those of the API.

    Labels, driver options and tags are kept as written. ECS API reference, and
    AWS::ECS::TaskDefinition.
    """
    kept = _small(plain)
    plain.clear()
    plain.update(kept)


def r03_amounts_are_text(plain: Plain) -> None:
    """CPU and memory of a task are compared as text.

    API reference, RegisterTaskDefinition: cpu and memory are of type String. Variables
    are text, too, but not converted: the document refuses other types.
    """
    for place in places(plain, ""):
        for name in ("cpu", "memory"):
            value = place.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                place[name] = str(value)


def _small(value: Any, *, named: bool = False) -> Any:
    match value:
        case dict():
            return {
                (name := key if named else _api_name(key)): entry
                if name in _OPAQUE and not named
                else _small(entry, named=name in _BY_NAME and not named)
                for key, entry in value.items()
            }
        case list():
            return [_small(item) for item in value]
        case _:
            return value


def _api_name(key: str) -> str:
    return _CLOUDFORMATION.get(key) or key[:1].lower() + key[1:]
