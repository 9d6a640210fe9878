"""Rotation of the signing secret of one webhook target, by a command."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from controller.app.records import require_store
from controller.app.session import Session
from controller.app.webhook_checks import WebhookChecks
from controller.bootstrap.audit_source import DocumentSource
from controller.bootstrap.signing_secret import drawn_signing_secret
from controller.bootstrap.store_file import opened_database
from controller.clients.clock import SystemClock
from controller.core.audit.entry import AuditSource, rotation_entry
from controller.core.document.resource import ResourceId
from controller.core.errors import NotFoundError, RefusedError
from controller.core.webhooks.answers import failure
from controller.core.webhooks.rotation import (
    CHOSEN_STAGES,
    DEFAULT_GRACE,
    PENDING,
    RotationRecords,
    RotationStage,
    SecretRotation,
    after_canary,
    next_stage,
    rotated_reference,
)
from controller.kinds.webhook.rotation.aws.steps import RotationSteps
from controller.kinds.webhook.rotation.aws.versions import RotatedSecret
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.secret_rotations import StoredRotations

_CANARY_REJECTED = "RotationCanaryRejected"


@dataclass(frozen=True, slots=True)
class RotationResult:
    """Result of one command.

    Attributes:
        rotation: Rotation afterwards.
        before: Stage before the command; None if there was no open rotation.
        problem: Reason why the stage was not reached, as a clause; empty if it was.
    """

    rotation: SecretRotation
    before: RotationStage | None
    problem: str = ""


class AuditedRotations:
    """Records whose changes have a row in the audit log, in the same transaction.

    Args:
        database: Store.
        source: User of the command, and the document.
        reason: Reason of the user.
    """

    def __init__(self, database: Database, source: AuditSource, reason: str) -> None:
        self._database = database
        self._records = StoredRotations(database)
        self._log = AuditLog(database)
        self._source = source
        self._reason = reason

    def all(self) -> dict[str, SecretRotation]:
        """Return the latest rotation by target."""
        return self._records.all()

    def save(
        self, before: SecretRotation | None, after: SecretRotation, warning: str = ""
    ) -> SecretRotation | None:
        """Replace ``before``; see ``RotationRecords.save``."""
        with self._database.writing():
            saved = self._records.save(before, after, warning)
            if saved is not None:
                self._log.append(
                    rotation_entry(
                        self._source,
                        after.target,
                        "Failed" if warning == _CANARY_REJECTED else "Applied",
                        self._reason,
                        {
                            "stage": after.stage.value,
                            "before": before.stage.value if before else None,
                            "new_version": after.new_version,
                            "old_version": after.old_version,
                            "problem": after.problem or None,
                        },
                    )
                )
        return saved


class RotationCommand:
    """Moves of one rotation that a user asks for.

    Args:
        context: Session of the command.
        name: Declared target.
        records: Recorded rotations.
        checks: Sends the canary.
    """

    def __init__(
        self,
        context: Session,
        name: str,
        records: RotationRecords,
        checks: WebhookChecks,
    ) -> None:
        spec = context.document.resources[ResourceId("webhook", name)].spec
        self._reference = rotated_reference(spec.secrets)
        self._context = context
        self._name = name
        self._records = records
        self._checks = checks
        self._clock = SystemClock()
        self._steps = RotationSteps(
            records,
            self._versions,
            self._clock,
            lambda _target, reference, version: (
                checks.canary(reference, version).answer
            ),
        )

    def stage_after(self, chosen: RotationStage | None) -> RotationStage:
        """Return the stage that the command moves to.

        Raises:
            RefusedError: no rotation is in progress whose old secret could be retired.
        """
        found = self._open()
        if chosen is RotationStage.RETIRED and found is None:
            raise RefusedError(self._nothing_open())
        if chosen is not None:
            return chosen
        if found is not None and found.stage is RotationStage.PROMOTED:
            # A repeated command must not cut the grace period short.
            return RotationStage.PROMOTED
        return next_stage(found, str(self._reference))

    def rotate(
        self, goal: RotationStage, grace: timedelta = DEFAULT_GRACE
    ) -> RotationResult:
        """Move stage by stage up to ``goal``; stop at the first that is not reached.

        Raises:
            ControllerError: AWS or the store refused a step. The command can be repeated.
        """
        rotation = self._open()
        before = rotation.stage if rotation else None
        problem = ""
        while not problem and (rotation is None or _rank(rotation) < _rank_of(goal)):
            rotation, problem = self._next(rotation, grace)
        assert rotation is not None  # noqa: S101 - the loop ends with a rotation
        return RotationResult(rotation, before, problem)

    def step_back(self, reason: str) -> RotationResult:
        """Take the last stage back: sign with the old secret first, or cancel."""
        rotation = self._open()
        if rotation is None:
            raise RefusedError(self._nothing_open())
        before = rotation.stage
        if before in {
            RotationStage.PROMOTING,
            RotationStage.PROMOTED,
            RotationStage.REVERTING,
        }:
            problem = f"stepped back by hand: {reason}"
            rotation = self._steps.step_back(rotation, self._reference, problem)
        else:
            problem = f"cancelled by hand: {reason}"
            rotation = self._steps.cancel(rotation, self._reference, problem)
        return RotationResult(rotation, before)

    def abort(self, reason: str) -> RotationResult:
        """End the rotation although its versions or labels are not as recorded.

        AWSCURRENT stays at its version, which then signs alone.

        Raises:
            RefusedError: no rotation is in progress.
        """
        rotation = self._records.all().get(self._name)
        if rotation is None or not rotation.is_open:
            raise RefusedError(self._nothing_open())
        problem = f"aborted by hand: {reason}"
        return RotationResult(
            self._steps.abort(rotation, self._reference, problem), rotation.stage
        )

    def read_command(self) -> str:
        """Return the command that prints the next secret, to give it to the receiver."""
        platform = self._context.document.platform
        endpoint = platform.endpoint or self._context.settings.aws_endpoint_url
        words = ["aws", "secretsmanager", "get-secret-value"]
        words += ["--secret-id", self._reference.secret.name]
        words += ["--version-stage", PENDING]
        words += ["--query", "SecretString", "--output", "text"]
        words += ["--region", platform.region] if platform.region else []
        words += ["--profile", platform.profile] if platform.profile else []
        words += ["--endpoint-url", endpoint] if endpoint else []
        if not (key := self._reference.secret.json_key):
            return shlex.join(words)
        # The other keys of the JSON are not for the receiver.
        program = f"import json, sys; print(json.load(sys.stdin)[{key!r}])"
        return f"{shlex.join(words)} | {shlex.join(['python3', '-c', program])}"

    def _nothing_open(self) -> str:
        return f"webhook/{self._name} has no rotation in progress"

    def _next(
        self, rotation: SecretRotation | None, grace: timedelta
    ) -> tuple[SecretRotation, str]:
        """Return the rotation in the next stage, and the reason if it is not reached."""
        if rotation is None:
            return self._stage(), ""
        match next_stage(rotation, str(self._reference)):
            case RotationStage.STAGED:
                back = self._steps.step_back(rotation, self._reference, "")
                return back, back.problem
            case RotationStage.CANARY:
                return self._canary(rotation)
            case RotationStage.PROMOTED:
                return self._steps.promote(rotation, self._reference, grace), ""
            case _:
                return self._steps.retire(rotation), ""

    def _stage(self) -> SecretRotation:
        latest = self._records.all().get(self._name)
        labels = self._versions(self._reference).stage(drawn_signing_secret())
        staged = SecretRotation(
            self._name,
            str(self._reference),
            RotationStage.STAGED,
            labels.current,
            labels.pending,
            self._clock.now(),
            moves=latest.moves if latest else 0,
        )
        return self._steps.save(latest, staged)

    def _canary(self, rotation: SecretRotation) -> tuple[SecretRotation, str]:
        try:
            result = self._checks.canary(self._reference, rotation.new_version)
        except NotFoundError as error:
            msg = (
                f"{error}: the next secret cannot be read; end the rotation with "
                f"`hokusai webhooks rotate {self._name} --abort --reason TEXT`"
            )
            raise RefusedError(msg) from error
        after = after_canary(rotation, result.answer, self._clock.now())
        if after is None:
            problem = f"the ping proves nothing: {failure(result.answer)}"
            return rotation, problem
        warning = _CANARY_REJECTED if after.problem else ""
        return self._steps.save(rotation, after, warning), after.problem

    def _open(self) -> SecretRotation | None:
        found = self._records.all().get(self._name)
        is_ours = found is not None and found.secret == str(self._reference)
        return found if found is not None and found.is_open and is_ours else None

    def _versions(self, _reference: object) -> RotatedSecret:
        return RotatedSecret(self._checks.aws, self._reference)


@contextmanager
def rotation_command(
    context: Session, name: str, by: str, reason: str
) -> Iterator[RotationCommand]:
    """Yield the rotation of a declared target, with the store of ``context``.

    Raises:
        RefusedError: there is no store, or the secret cannot be rotated.
    """
    require_store(context)
    with opened_database(context.settings, read_only=False) as database:
        source = DocumentSource(by).of(context.document)
        records = AuditedRotations(database, source, reason)
        yield RotationCommand(context, name, records, WebhookChecks(context, name))


def _rank(rotation: SecretRotation) -> int:
    """Return the position among the stages; an interrupted move is before its stage."""
    match rotation.stage:
        case RotationStage.REVERTING:
            return _rank_of(RotationStage.STAGED) - 1
        case RotationStage.PROMOTING:
            return _rank_of(RotationStage.PROMOTED) - 1
        case stage:
            return _rank_of(stage)


def _rank_of(stage: RotationStage) -> int:
    return CHOSEN_STAGES.index(stage)
