"""Rules about the form of what ECS says, wherever it stands (R1 to R3)."""

from typing import Any

from controller.core.values.paths import (
    Plain,
    drop_defaults,
    places,
    without_empty,
)

# Their keys are the user's: ECS keeps them letter by letter.
_OPAQUE = frozenset({"dockerLabels", "options", "driverOpts", "labels", "hookDetails"})
# Their keys are names, once the lists have become mappings.
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


# Texts that may be left out, by where they stand.
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
# What starts with more than one capital in CloudFormation, or goes by another name.
_CLOUDFORMATION = {
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "FSxWindowsFileServerVolumeConfiguration": "fsxWindowsFileServerVolumeConfiguration",
    "FilesystemId": "fileSystemId",
    "IAM": "iam",
    "ProxyConfigurationProperties": "properties",
}


def r01_nothing_is_left_out(plain: Plain) -> None:
    """Null, an empty list and an empty mapping are as good as not there.

    Text that is empty stays: a variable may be set to nothing. DescribeServices and
    DescribeTaskDefinition give empty lists for what was not given (recorded).
    """
    kept = without_empty(plain)
    plain.clear()
    plain.update(kept)


def r01_empty_texts(plain: Plain) -> None:
    """A name, a path or a user that is empty is none.

    API reference: none of these fields is required, and clients such as Terraform send
    "" for what they do not know. Variables, labels and options keep their empty text.
    """
    for path, names in _TEXTS.items():
        for name in names:
            drop_defaults(plain, path, **{name: ""})


def r02_keys_start_small(plain: Plain) -> None:
    """Fields start with a small letter, as in the API; CloudFormation's do not.

    What is the user's own stays as written: labels, options of drivers, tags. ECS API
    reference against AWS::ECS::TaskDefinition.
    """
    kept = _small(plain)
    plain.clear()
    plain.update(kept)


def r03_amounts_are_text(plain: Plain) -> None:
    """A task's CPU and memory are text to ECS, and people write numbers.

    API reference, RegisterTaskDefinition: cpu and memory are of type String. What a
    variable holds is text as well, and is not converted: the document refuses others.
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
