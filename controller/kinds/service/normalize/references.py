"""Rules about names of other things: one thing, spelled in several ways (R30, R35-R39).

Whether two spellings mean one thing can only be said of two. A secret called
``app-config`` may be all of a name, or ``app`` with the characters that Secrets
Manager adds: cutting them off would make different secrets equal.
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
    """Where a short name is looked up.

    Attributes:
        region: The region of the service.
        account: The account of the service.
        names: What ids and ARNs are called, as far as that was seen.
    """

    region: str = ""
    account: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A rule that tells whether two texts name one thing.

    Attributes:
        number: As in the list of the rules.
        says: What it knows, in one sentence.
        at: Matches the paths of the fields it is about.
        alike: Whether two texts, spelled differently, mean the same.
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
    """Return the rule by which two values at ``path`` mean the same, if there is one."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return None
    for spelling in SPELLINGS:
        if spelling.at.search(path) and (
            spelling.alike(one, other, here) or spelling.alike(other, one, here)
        ):
            return spelling
    return None


def r30_docker_hub(one: str, other: str, _here: NameContext) -> bool:
    """An image without a registry, a namespace or a tag is Docker Hub's, library's, latest.

    Docker's reference grammar; ECS keeps what it was given (API reference, image).
    """
    return _image(one) == _image(other)


def r35_roles(name: str, arn: str, here: NameContext) -> bool:
    """A role may be called by its name or its ARN; a path belongs to the ARN.

    API reference, RegisterTaskDefinition.taskRoleArn: "The short name or full ARN".
    Names of roles are unique within an account, whatever their path (IAM user guide).
    """
    start = f"arn:{r39_partition(here.region)}:iam::{here.account}:role/"
    if name.startswith("arn:") or not arn.startswith(start):
        return False
    role, short = arn.removeprefix(start), name.removeprefix("/")
    return role == short or role.endswith(f"/{short}")


def r36_secrets(one: str, other: str, here: NameContext) -> bool:
    """A parameter goes by name or ARN, a secret's ARN with or without its six characters.

    Developer guide, "Pass Secrets Manager secrets through environment variables" and
    API reference, Secret.valueFrom: a parameter's name will do in its own region.
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
    """A registry's credentials go by the name of their secret, or its ARN.

    API reference, RepositoryCredentials.credentialsParameter: "if the secret exists in
    the same Region ... the full ARN or the name of the secret".
    """
    if name.startswith("arn:"):
        return r36_secrets(name, arn, here)
    start = f"arn:{r39_partition(here.region)}:secretsmanager:{here.region}"
    return r36_secrets(f"{start}:{here.account}:secret:{name}", arn, here)


def r36_no_trailing_colons(plain: Plain) -> None:
    """Colons at the end of a secret's ARN name no key, no stage and no version.

    Developer guide: "arn:...:secret:name:::" is the whole secret.
    """
    for path in ("secrets", "logConfiguration.secretOptions"):
        for place in places(plain, f"containerDefinitions.*.{path}"):
            for name, value in place.items():
                if isinstance(value, str):
                    place[name] = value.rstrip(":")


def r37_content_counts(service: Plain) -> None:
    """A task definition is what it says, not the number of its revision.

    ``family``, ``family:revision`` and an ARN name it (API reference, UpdateService);
    its content is compared, by itself.
    """
    service.pop("taskDefinition", None)


def r38_names(name: str, arn: str, here: NameContext) -> bool:
    """A namespace or a cluster may be called by its name, its id or its ARN.

    API reference, ServiceConnectConfiguration.namespace: "name or full ARN". What an
    id is called must have been seen.
    """
    if name.startswith("arn:") or name == arn:
        return False
    kind, _, last = arn.rpartition(":")[2].partition("/")
    own = f"arn:{r39_partition(here.region)}:"
    placed = f":{here.region}:{here.account}:{kind}/" in arn and arn.startswith(own)
    return (placed and last == name) or here.names.get(arn) == name


def r38_short_providers(service: Plain) -> None:
    """A capacity provider goes by its name.

    API reference, CapacityProviderStrategyItem.capacityProvider: "The short name".
    """
    for item in service.get("capacityProviderStrategy") or ():
        provider = item.get("capacityProvider") if isinstance(item, dict) else None
        if isinstance(provider, str) and ":capacity-provider/" in provider:
            item["capacityProvider"] = provider.rpartition("/")[2]


def r39_partition(region: str) -> str:
    """ARNs in China and in GovCloud begin with a partition of their own.

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
    # Developer guide: without a stage and a version it is the current one.
    return found[1], key, "" if stage == CURRENT else stage, version


def _image(text: str) -> str:
    """Return an image by all its parts."""
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
