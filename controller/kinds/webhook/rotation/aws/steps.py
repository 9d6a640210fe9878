"""Steps of a rotation: records and moves of labels, in the order that survives a crash."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from controller.core.clock import Clock
from controller.core.document.reference import SecretReference
from controller.core.errors import ConflictError, PermanentError, TransientError
from controller.core.webhooks.answers import failure
from controller.core.webhooks.rotation import (
    RotationRecords,
    RotationStage,
    SecretPing,
    SecretRotation,
    due_stage,
    is_accepted,
    is_unauthorized,
    refusal_problem,
)
from controller.kinds.webhook.rotation.aws.versions import RotatedSecret

_STEPPED_BACK = "RotationSteppedBack"
_CANCELLED = "RotationCancelled"


class RotationSteps:
    """Moves between the stages; each is safe to repeat, by any process.

    Args:
        records: Recorded rotations.
        versions: Returns the versions of a secret.
        clock: Clock.
        ping: Sends a ping that one version signs.
    """

    def __init__(
        self,
        records: RotationRecords,
        versions: Callable[[SecretReference], RotatedSecret],
        clock: Clock,
        ping: SecretPing,
    ) -> None:
        self._records = records
        self._versions = versions
        self._clock = clock
        self._ping = ping

    def save(
        self, before: SecretRotation | None, after: SecretRotation, warning: str = ""
    ) -> SecretRotation:
        """Record ``after``.

        Raises:
            ConflictError: another process changed the rotation meanwhile.
        """
        saved = self._records.save(before, after, warning)
        if saved is None:
            msg = (
                f"another process changed the rotation of webhook/{after.target} "
                "meanwhile: see its stage with `hokusai status`"
            )
            raise ConflictError(msg)
        return saved

    def promote(
        self,
        rotation: SecretRotation,
        reference: SecretReference,
        grace: timedelta | None = None,
    ) -> SecretRotation:
        """Move AWSCURRENT to the new version, or complete the move."""
        now = self._clock.now()
        if rotation.stage is not RotationStage.PROMOTING:
            begun = rotation.at(RotationStage.PROMOTING, now)
            begun = replace(begun, grace=grace or rotation.grace, refusals=0)
            rotation = self.save(rotation, begun)
        old, new = rotation.old_version, rotation.new_version
        self._versions(reference).promote(old, new)
        now = self._clock.now()
        promoted = replace(
            rotation.at(RotationStage.PROMOTED, now),
            promoted=now,
            moves=rotation.moves + 1,
        )
        return self.save(rotation, promoted)

    def step_back(
        self, rotation: SecretRotation, reference: SecretReference, problem: str
    ) -> SecretRotation:
        """Move AWSCURRENT back to the old version, or complete the move."""
        now = self._clock.now()
        if rotation.stage is not RotationStage.REVERTING:
            begun = rotation.at(RotationStage.REVERTING, now, problem)
            rotation = self.save(rotation, begun, _STEPPED_BACK)
        old, new = rotation.old_version, rotation.new_version
        self._versions(reference).revert(old, new)
        now = self._clock.now()
        staged = replace(
            rotation.at(RotationStage.STAGED, now, rotation.problem),
            promoted=None,
            refusals=0,
            moves=rotation.moves + 1,
        )
        return self.save(rotation, staged)

    def retire(self, rotation: SecretRotation) -> SecretRotation:
        """End the signatures by the old version."""
        now = self._clock.now()
        return self.save(rotation, rotation.at(RotationStage.RETIRED, now))

    def cancel(
        self, rotation: SecretRotation, reference: SecretReference, problem: str
    ) -> SecretRotation:
        """Remove AWSPENDING from the new version, and end the rotation."""
        self._versions(reference).unstage(rotation.new_version)
        now = self._clock.now()
        return self.save(rotation, rotation.at(RotationStage.CANCELLED, now, problem))

    def abort(
        self, rotation: SecretRotation, reference: SecretReference, problem: str
    ) -> SecretRotation:
        """End the rotation whatever its versions are; AWSCURRENT stays.

        AWSPENDING is removed from the new version if that is possible.
        """
        try:
            self._versions(reference).unstage(rotation.new_version)
        except PermanentError as error:
            problem = f"{problem}; AWSPENDING was left: {error}"
        now = self._clock.now()
        return self.save(rotation, rotation.at(RotationStage.CANCELLED, now, problem))

    def advance(
        self,
        target: str,
        secrets: Sequence[SecretReference],
        accepted: datetime | None,
    ) -> str:
        """Move the rotation of ``target`` to the stage that is due by itself.

        Returns:
            A sentence about what was done; empty if nothing was due.
        """
        rotation = self._records.all().get(target)
        due = due_stage(rotation, accepted, self._clock.now())
        if rotation is None or due is None:
            return ""
        reference = secrets[0]
        if str(reference) != rotation.secret:
            return self._abandon(rotation, f"the document names {reference}")
        try:
            return self._advanced(rotation, reference, due)
        except ConflictError as error:
            latest = self._records.all().get(target)
            if latest is None or not latest.is_open:
                return ""
            if latest.stage not in {RotationStage.PROMOTING, RotationStage.REVERTING}:
                raise
            # Another program moved AWSCURRENT: its version signs from now on.
            return self._abandon(latest, str(error))

    def _abandon(self, rotation: SecretRotation, problem: str) -> str:
        """End a rotation whose secret was changed by others."""
        now = self._clock.now()
        cancelled = rotation.at(RotationStage.CANCELLED, now, problem)
        self.save(rotation, cancelled, _CANCELLED)
        return f"The rotation was cancelled: {problem.rstrip('.')}."

    def _advanced(
        self, rotation: SecretRotation, reference: SecretReference, due: RotationStage
    ) -> str:
        match due:
            case RotationStage.PROMOTED:
                self.promote(rotation, reference)
                return "The promotion of the next secret was completed."
            case RotationStage.RETIRED:
                self.retire(rotation)
                return "The previous secret signs no more."
            case _:
                problem = rotation.problem
                if rotation.stage is RotationStage.PROMOTED:
                    if kept := self._other_cause(rotation, reference):
                        return kept
                    problem = refusal_problem(rotation)
                self.step_back(rotation, reference, problem)
                return f"The previous secret signs first again: {problem.rstrip('.')}."

    def _other_cause(self, rotation: SecretRotation, reference: SecretReference) -> str:
        """Return a sentence if the promotion did not cause the refusals, else "".

        The refusals are then counted from 0 again.

        Raises:
            TransientError: an answer of the receiver says nothing about its secret.
        """
        answer = self._ping(rotation.target, reference, rotation.new_version)
        kept = ""
        if is_accepted(answer):
            kept = "it accepts a ping that only the next secret signs"
        elif is_unauthorized(answer):
            answer = self._ping(rotation.target, reference, rotation.old_version)
            if is_unauthorized(answer):
                kept = "it also refuses a ping that only the previous secret signs"
        if kept:
            self.save(rotation, replace(rotation, refusals=0))
            return (
                "The promotion stays although the receiver answered "
                f"{rotation.refusals} deliveries with 401 or 403: {kept}."
            )
        if is_accepted(answer):
            return ""
        msg = (
            f"the receiver of webhook/{rotation.target} refuses deliveries after the "
            "promotion of a secret, and a ping to find the cause failed: "
            f"{failure(answer)}"
        )
        raise TransientError(msg)
