"""Prerequisites of a webhook target: its secrets exist, and its host name resolves.

Findings only warn: the target is recorded without them, and its deliveries wait.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from controller.core.document.reference import SecretReference
from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckUnknown,
    Result,
    Severity,
)
from controller.kinds.webhook.spec import WebhookSpec

SECRETS, ADDRESS = "secrets", "address"
_WHY = "nothing is sent until it can be read."


@dataclass(frozen=True, slots=True)
class MetPrerequisite:
    """The prerequisite is there."""


@dataclass(frozen=True, slots=True)
class AbsentPrerequisite:
    """The prerequisite does not exist.

    Attributes:
        problem: Problem as a clause.
    """

    problem: str


@dataclass(frozen=True, slots=True)
class UnreadPrerequisite:
    """The prerequisite could not be read.

    Attributes:
        reason: Cause.
    """

    reason: str


Fact: TypeAlias = MetPrerequisite | AbsentPrerequisite | UnreadPrerequisite


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """Facts about the prerequisites of one target.

    Attributes:
        secrets: Fact about each secret, by its reference as text.
        address: Fact about the host name of the URL.
    """

    secrets: Mapping[str, Fact]
    address: Fact


def results_of(
    spec: WebhookSpec, facts: TargetFacts, region: str
) -> tuple[Result, ...]:
    """Return the results of all checks of one target."""
    secrets = [*_of_secrets(spec, facts, region)]
    address = [*_of_fact(ADDRESS, "url", facts.address, "", "")]
    return (
        *(secrets or [CheckPassed(SECRETS)]),
        *(address or [CheckPassed(ADDRESS)]),
    )


def stage_fact(reference: SecretReference, stages: Iterable[str]) -> Fact:
    """Return the fact about a secret that has versions with ``stages``."""
    stage = reference.secret.stage
    if not stage or stage in set(stages):
        return MetPrerequisite()
    return AbsentPrerequisite(f"{reference} has no version with the stage {stage}")


def _of_secrets(spec: WebhookSpec, facts: TargetFacts, region: str) -> Iterator[Result]:
    for path, reference in spec.secret_references.items():
        fact = facts.secrets[str(reference)]
        command = _command(reference, region)
        yield from _of_fact(SECRETS, path, fact, _WHY, command)


def _of_fact(
    check: str, path: str, fact: Fact, consequence: str, command: str
) -> Iterator[Result]:
    match fact:
        case AbsentPrerequisite(problem):
            message = f"{problem}: {consequence}" if consequence else f"{problem}."
            yield CheckFinding(check, Severity.WARNS, path, message, command)
        case UnreadPrerequisite(reason):
            # Not temporary: the target is recorded meanwhile.
            yield CheckUnknown(check, f"{reason.rstrip('.')}.", temporary=False)
        case MetPrerequisite():
            pass


def _command(reference: SecretReference, region: str) -> str:
    """Return the command that creates the secret; it prints and contains no value."""
    where = ("--region", region) if region else ()
    words: tuple[str, ...]
    match reference.store:
        case "env":
            return ""
        case "ssm":
            named = ("ssm", "put-parameter", "--name", reference.name)
            words = (*named, "--type", "SecureString", "--value", "file://value.txt")
        case _:
            named = ("secretsmanager", "create-secret", "--name", reference.secret.name)
            words = (*named, "--secret-string", "file://value.txt")
    return shlex.join(("aws", *words, *where))
