"""Rotation of a signing secret in AWS Secrets Manager, stage by stage.

The stages map to the staging labels of Secrets Manager:

- ``staged``: the next version has AWSPENDING. Requests carry a second signature by it.
- ``canary``: the receiver accepted a ping that only the next version signed.
- ``promoted``: the next version has AWSCURRENT and signs first. The previous version,
  which has AWSPREVIOUS, signs second for a grace period.
- ``retired``: the previous version signs no more; it keeps AWSPREVIOUS, as after every
  rotation in AWS.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version,
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html

``promoting`` and ``reverting`` are recorded before labels are moved, so that any process
can complete a move that was interrupted. A request is signed by the version that has
AWSCURRENT, then by the other version of the rotation: this is correct at each point
between two calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from controller.core.document.reference import SecretReference
from controller.core.errors import RefusedError
from controller.core.webhooks.answers import Answer, Answered, AnswerMeaning, meaning_of

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
DEFAULT_GRACE = timedelta(hours=24)
LONGEST_GRACE = timedelta(days=7)
# The receiver does not know the secret that signed the request.
UNAUTHORIZED = frozenset({401, 403})
# Refused deliveries after which a promotion is taken back.
MOST_REFUSALS = 3
# Later refusals count only if nothing was accepted since the promotion.
_WATCHED = timedelta(minutes=10)
# A move of labels that began longer ago was interrupted.
_INTERRUPTED_AFTER = timedelta(seconds=30)


class RotationStage(StrEnum):
    """Stage of a rotation."""

    STAGED = "staged"
    CANARY = "canary"
    PROMOTING = "promoting"
    PROMOTED = "promoted"
    REVERTING = "reverting"
    RETIRED = "retired"
    CANCELLED = "cancelled"


ENDED = frozenset({RotationStage.RETIRED, RotationStage.CANCELLED})
# Stages that a user can ask for, in their order.
CHOSEN_STAGES = (
    RotationStage.STAGED,
    RotationStage.CANARY,
    RotationStage.PROMOTED,
    RotationStage.RETIRED,
)


@dataclass(frozen=True, slots=True)
class SecretRotation:
    """Latest rotation of the secret of one target.

    Attributes:
        target: Name of the webhook target.
        secret: Reference to the secret, as text.
        stage: Stage.
        old_version: Id of the version that had AWSCURRENT at the beginning.
        new_version: Id of the version that replaces it.
        changed: Time of the latest change of the stage.
        promoted: Time of the promotion; None before it, and after a step back.
        grace: Time after the promotion for which the old version also signs.
        refusals: Number of deliveries that were sent after the promotion and answered
            with 401 or 403, since the last check of their cause.
        moves: Number of times that rotations of this target moved AWSCURRENT.
        problem: Reason of a step back, as a clause; empty without one.
        revision: Number of changes of the record; a writer must know the latest one.
    """

    target: str
    secret: str
    stage: RotationStage
    old_version: str
    new_version: str
    changed: datetime
    promoted: datetime | None = None
    grace: timedelta = DEFAULT_GRACE
    refusals: int = 0
    moves: int = 0
    problem: str = ""
    revision: int = 0

    @property
    def is_open(self) -> bool:
        """True if two versions sign."""
        return self.stage not in ENDED

    @property
    def retires(self) -> datetime | None:
        """Time at which the old version ceases to sign; None before the promotion."""
        return None if self.promoted is None else self.promoted + self.grace

    def at(
        self, stage: RotationStage, now: datetime, problem: str = ""
    ) -> "SecretRotation":
        """Return the rotation in another stage."""
        return replace(self, stage=stage, changed=now, problem=problem)


class RotationRecords(Protocol):
    """Record of the latest rotation of each target."""

    def all(self) -> dict[str, SecretRotation]:
        """Return the latest rotation by target."""
        ...

    def save(
        self, before: SecretRotation | None, after: SecretRotation, warning: str = ""
    ) -> SecretRotation | None:
        """Replace ``before``; return the record, or None if another writer was faster.

        Args:
            before: Record that the caller read; None if there was none.
            after: Record with the changes.
            warning: Reason of the Warning event to record with the problem.
        """
        ...


class SecretPing(Protocol):
    """Sends a ping that only one version of a secret signs."""

    def __call__(
        self, target: str, reference: SecretReference, version: str, /
    ) -> Answer:
        """Return the answer of ``target``; raises ControllerError without the version."""
        ...


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """One secret that signs requests.

    Attributes:
        reference: Location of the secret.
        is_required: False if requests are sent without it when it does not exist.
    """

    reference: SecretReference
    is_required: bool = True


def rotated_reference(secrets: Sequence[SecretReference]) -> SecretReference:
    """Return the secret that a rotation replaces: the first one of a target.

    Raises:
        RefusedError: there is none, or it has no staging labels that may be moved.
    """
    if not secrets:
        msg = "the target has no signing secret: AWS authenticates the controller"
        raise RefusedError(msg)
    reference = secrets[0]
    if reference.store != "secretsmanager":
        msg = (
            f"{reference} cannot be rotated by this command: only secrets in Secrets "
            "Manager have staging labels. Move the secret there, or list both secrets "
            "under `secrets` while it is rotated"
        )
        raise RefusedError(msg)
    part = reference.secret
    if part.stage or part.version:
        msg = (
            f"{reference} names a fixed version, which no rotation replaces: remove the "
            "stage and the version from the reference"
        )
        raise RefusedError(msg)
    return reference


def versioned(reference: SecretReference, version: str) -> SecretReference:
    """Return the reference to one version of the secret of ``reference``."""
    part = reference.secret
    name = f"{part.name}:{part.json_key}::{version}"
    return SecretReference(secretsmanager=name)


def signing_secrets(
    secrets: Sequence[SecretReference], rotation: SecretRotation | None, now: datetime
) -> tuple[SigningSecret, ...]:
    """Return the secrets that sign a request at ``now``, the first signer first.

    Both versions of an open rotation are named after the current one, which is one of
    them; equal keys sign once.
    """
    declared = tuple(SigningSecret(reference) for reference in secrets)
    if rotation is None or not rotation.is_open:
        return declared
    if str(secrets[0]) != rotation.secret or _is_over(rotation, now):
        return declared
    versions = (rotation.new_version, rotation.old_version)
    both = (
        SigningSecret(versioned(secrets[0], version), is_required=False)
        for version in versions
    )
    return (declared[0], *both, *declared[1:])


def due_stage(
    rotation: SecretRotation | None, accepted: datetime | None, now: datetime
) -> RotationStage | None:
    """Return the stage that the controller moves ``rotation`` to by itself.

    None if nothing is due.

    Args:
        rotation: Latest rotation.
        accepted: Time of the last delivery or ping that the receiver accepted.
        now: Current time.
    """
    if rotation is None:
        return None
    # A time in the future was recorded by a clock that was ahead.
    age = now - rotation.changed
    is_interrupted = age >= _INTERRUPTED_AFTER or age < timedelta(0)
    match rotation.stage:
        case RotationStage.PROMOTING if is_interrupted:
            return RotationStage.PROMOTED
        case RotationStage.REVERTING if is_interrupted:
            return RotationStage.STAGED
        case RotationStage.PROMOTED if _is_refused(rotation, accepted, now):
            return RotationStage.STAGED
        case RotationStage.PROMOTED if _is_over(rotation, now):
            return RotationStage.RETIRED
        case _:
            return None


def after_canary(
    rotation: SecretRotation, answer: Answer, now: datetime
) -> SecretRotation | None:
    """Return the rotation after a ping that only the new version signed.

    None if the answer proves nothing, as without a response.
    """
    if is_accepted(answer):
        return rotation.at(RotationStage.CANARY, now)
    if isinstance(answer, Answered) and is_unauthorized(answer):
        problem = (
            f"the receiver answered {answer.status} to a ping that only the next "
            "secret signed"
        )
        return rotation.at(RotationStage.STAGED, now, problem)
    return None


def is_unauthorized(answer: Answer) -> bool:
    """Return True if the receiver did not accept the signature, or the sender."""
    return isinstance(answer, Answered) and answer.status in UNAUTHORIZED


def is_accepted(answer: Answer) -> bool:
    """Return True if the receiver accepted the request."""
    return meaning_of(answer) is AnswerMeaning.ACCEPTED


def refusal_problem(rotation: SecretRotation) -> str:
    """Return the reason of an automatic step back, as a clause."""
    return (
        f"the receiver answered {rotation.refusals} deliveries with 401 or 403 after "
        "the promotion, refuses a ping that only the next secret signs, and accepts one "
        "that only the previous secret signs"
    )


def next_stage(rotation: SecretRotation | None, secret: str) -> RotationStage:
    """Return the stage that follows that of ``rotation`` of ``secret``."""
    if rotation is None or not rotation.is_open or rotation.secret != secret:
        return RotationStage.STAGED
    match rotation.stage:
        case RotationStage.STAGED:
            return RotationStage.CANARY
        case RotationStage.CANARY | RotationStage.PROMOTING:
            return RotationStage.PROMOTED
        case RotationStage.REVERTING:
            return RotationStage.STAGED
        case _:
            return RotationStage.RETIRED


def _is_refused(
    rotation: SecretRotation, accepted: datetime | None, now: datetime
) -> bool:
    since = rotation.promoted or rotation.changed
    if rotation.refusals < MOST_REFUSALS or _is_over(rotation, now):
        return False
    return now - since <= _WATCHED or accepted is None or accepted < since


def _is_over(rotation: SecretRotation, now: datetime) -> bool:
    """Return True if the grace period of ``rotation`` has ended."""
    return (
        rotation.stage is RotationStage.PROMOTED
        and rotation.retires is not None
        and now >= rotation.retires
    )
