"""Prerequisites of a webhook target: secrets, and a receiver, event bus or queue.

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
    CheckSkipped,
    CheckUnknown,
    Result,
    Severity,
)
from controller.kinds.webhook.spec import WebhookSpec

SECRETS, ADDRESS = "secrets", "address"
DESTINATION, PERMISSION = "destination", "permission"
_WHY = "nothing is sent until it can be read."
_LOST = "deliveries are retried until it exists."
_DENIED = (
    "deliveries are retried until it is allowed, by a policy of the role or of the "
    "destination."
)


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


@dataclass(frozen=True, slots=True)
class UncheckedPrerequisite:
    """The prerequisite cannot be checked here.

    Attributes:
        reason: Cause, as a clause.
    """

    reason: str


Fact: TypeAlias = (
    MetPrerequisite | AbsentPrerequisite | UnreadPrerequisite | UncheckedPrerequisite
)


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


@dataclass(frozen=True, slots=True)
class DestinationFacts:
    """Facts about a destination in AWS.

    Attributes:
        exists: Fact about the event bus or the queue.
        permission: Fact about the permission to send to it.
    """

    exists: Fact
    permission: Fact


def destination_results(
    spec: WebhookSpec, facts: DestinationFacts, region: str
) -> tuple[Result, ...]:
    """Return the results of all checks of a target in AWS."""
    path = "sqs.queue" if spec.eventbridge is None else "eventbridge.bus"
    creation = _creation(spec, region)
    exists = [*_of_fact(DESTINATION, path, facts.exists, _LOST, creation)]
    permission = [*_of_fact(PERMISSION, path, facts.permission, _DENIED, "")]
    return (
        *(exists or [CheckPassed(DESTINATION)]),
        *(permission or [CheckPassed(PERMISSION)]),
    )


def send_action(spec: WebhookSpec) -> str:
    """Return the IAM action that a target in AWS needs."""
    return "sqs:SendMessage" if spec.eventbridge is None else "events:PutEvents"


def _creation(spec: WebhookSpec, region: str) -> str:
    """Return the command that creates the event bus or the queue."""
    where = ("--region", region) if region else ()
    words: tuple[str, ...]
    if spec.eventbridge is not None:
        name = spec.eventbridge.bus.rpartition("/")[2]
        words = ("events", "create-event-bus", "--name", name)
    else:
        name = spec.sqs.queue.rpartition("/")[2] if spec.sqs else ""
        words = ("sqs", "create-queue", "--queue-name", name)
        if name.endswith(".fifo"):
            words = (*words, "--attributes", "FifoQueue=true")
    return shlex.join(("aws", *words, *where))


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
        case UncheckedPrerequisite(reason):
            yield CheckSkipped(check, reason)
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
