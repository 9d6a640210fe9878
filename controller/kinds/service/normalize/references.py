"""Rules for references: several names of the same thing (R30, R35 to R39).

Equality can only be decided for a pair of names. ``app-config`` may be a whole name, or
``app`` with the suffix that Secrets Manager adds: removing the suffix would make
different secrets equal.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from controller.core.values.paths import Plain, places
from controller.kinds.service.normalize.rule import number_of, sentence_of

_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}")
_SECRET_PARTS = 4
CURRENT = "AWSCURRENT"


@dataclass(frozen=True, slots=True)
class NameContext:
    """Context in which short names are resolved.

    Attributes:
        region: Region of the service.
        account: Account of the service.
        names: Names by id or ARN, as far as they were observed.
    """

    region: str = ""
    account: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A rule that decides if two texts name the same thing.

    Attributes:
        number: Number of the rule, such as ``R36``.
        says: Description of the rule in one sentence.
        at: Pattern of the paths of its fields.
        alike: Predicate that is true for two names of the same thing.
    """

    number: str
    says: str
    at: re.Pattern[str]
    alike: Callable[[str, str, NameContext], bool]

    def __str__(self) -> str:
        return f"{self.number}: {self.says}"


def spelled_alike(
    path: str, one: object, other: object, here: NameContext
) -> Spelling | None:
    """Return the rule by which two values at ``path`` are equal, if there is one."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return None
    for spelling in SPELLINGS:
        if spelling.at.search(path) and (
            spelling.alike(one, other, here) or spelling.alike(other, one, here)
        ):
            return spelling
    return None


def r30_docker_hub(one: str, other: str, _here: NameContext) -> bool:
    """An image name defaults to registry docker.io, namespace library and tag latest.

    Docker's reference grammar; ECS returns the image as given (API reference, image).
    """
    return _image(one) == _image(other)


def r35_roles(name: str, arn: str, here: NameContext) -> bool:
    """A role name equals the role's ARN, with or without its path.

    API reference, RegisterTaskDefinition.taskRoleArn: "The short name or full ARN".
    Names of roles are unique within an account, whatever their path (IAM user guide).
    """
    start = f"arn:{r39_partition(here.region)}:iam::{here.account}:role/"
    if name.startswith("arn:") or not arn.startswith(start):
        return False
    role, short = arn.removeprefix(start), name.removeprefix("/")
    return role == short or role.endswith(f"/{short}")


def r36_secrets(one: str, other: str, here: NameContext) -> bool:
    """A parameter name equals its ARN; a secret ARN may omit its six-character suffix.

    Developer guide, "Pass Secrets Manager secrets through environment variables" and
    API reference, Secret.valueFrom: in its own region a parameter's name suffices.
    """
    if other.startswith("arn:") and not one.startswith("arn:"):
        start = f"arn:{r39_partition(here.region)}:ssm:{here.region}:{here.account}:"
        return other == f"{start}parameter/{one.removeprefix('/')}"
    partial, full = _secret(one), _secret(other)
    if partial is None or full is None or partial[1:] != full[1:]:
        return False
    name, longer = partial[0], full[0]
    return name == longer or (
        longer.startswith(name) and bool(_SUFFIX.fullmatch(longer[len(name) :]))
    )


def r36_credentials(name: str, arn: str, here: NameContext) -> bool:
    """A secret name in registry credentials equals the secret's ARN.

    API reference, RepositoryCredentials.credentialsParameter: "if the secret exists in
    the same Region ... the full ARN or the name of the secret".
    """
    if name.startswith("arn:"):
        return r36_secrets(name, arn, here)
    start = f"arn:{r39_partition(here.region)}:secretsmanager:{here.region}"
    return r36_secrets(f"{start}:{here.account}:secret:{name}", arn, here)


def r36_no_trailing_colons(plain: Plain) -> None:
    """Trailing colons of a secret ARN select no key, stage or version.

    Developer guide: "arn:...:secret:name:::" is the whole secret.
    """
    for path in ("secrets", "logConfiguration.secretOptions"):
        for place in places(plain, f"containerDefinitions.*.{path}"):
            for name, value in place.items():
                if isinstance(value, str):
                    place[name] = value.rstrip(":")


def r37_content_counts(service: Plain) -> None:
    """Task definitions are compared by content, not by revision number.

    ``family``, ``family:revision`` and an ARN are accepted (API reference,
    UpdateService); the content is compared separately.
    """
    service.pop("taskDefinition", None)


def r38_names(name: str, arn: str, here: NameContext) -> bool:
    """The name, id and ARN of a namespace or a cluster are equal.

    API reference, ServiceConnectConfiguration.namespace: "name or full ARN". The name
    of an id must have been observed.
    """
    if name.startswith("arn:") or name == arn:
        return False
    kind, _, last = arn.rpartition(":")[2].partition("/")
    own = f"arn:{r39_partition(here.region)}:"
    placed = f":{here.region}:{here.account}:{kind}/" in arn and arn.startswith(own)
    return (placed and last == name) or here.names.get(arn) == name


def r38_short_providers(service: Plain) -> None:
    """The ARN of a capacity provider equals its name.

    API reference, CapacityProviderStrategyItem.capacityProvider: "The short name".
    """
    for item in service.get("capacityProviderStrategy") or ():
        provider = item.get("capacityProvider") if isinstance(item, dict) else None
        if isinstance(provider, str) and ":capacity-provider/" in provider:
            item["capacityProvider"] = provider.rpartition("/")[2]


def r39_partition(region: str) -> str:
    """ARNs in China and in GovCloud have their own partitions.

    General reference, Amazon Resource Names: aws, aws-cn and aws-us-gov.
    """
    for start, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(start):
            return partition
    return "aws"


def _secret(arn: str) -> tuple[str, str, str, str] | None:
    """Return a secret's ARN, JSON key, stage and version; None for anything else."""
    found = re.fullmatch(
        r"(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(.*)", arn
    )
    if not found:
        return None
    parts = [found[1], *found[2].removeprefix(":").split(":"), "", "", ""]
    key, stage, version = parts[1:_SECRET_PARTS]
    # Developer guide: without a stage and a version, the current version is used.
    return found[1], key, "" if stage == CURRENT else stage, version


def _image(text: str) -> str:
    """Return an image with its registry, namespace and tag."""
    name, at, digest = text.partition("@")
    first, slash, _ = name.partition("/")
    if not (slash and ("." in first or ":" in first or first == "localhost")):
        name = f"docker.io/{name}" if slash else f"docker.io/library/{name}"
    if not digest and ":" not in name.rpartition("/")[2]:
        name = f"{name}:latest"
    return f"{name}{at}{digest}"


def _spelling(at: str, alike: Callable[[str, str, NameContext], bool]) -> Spelling:
    return Spelling(number_of(alike), sentence_of(alike), re.compile(at), alike)


SPELLINGS = (
    _spelling(r"\.image$", r30_docker_hub),
    _spelling(r"(^|\.)(taskRoleArn|executionRoleArn|roleArn|role)$", r35_roles),
    _spelling(r"\.secrets\.|secretOptions\.", r36_secrets),
    _spelling(r"\.credentialsParameter$", r36_credentials),
    _spelling(r"(^|\.)(namespace|cluster)$", r38_names),
)
