"""Versions of a signing secret, and the moves of their staging labels.

Every function reads the labels first, so that it may be repeated after an interruption,
and by several processes at once: UpdateSecretVersionStage moves a label only from the
version that the caller names.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from controller.core.dependencies import Aws
from controller.core.document.reference import SecretReference
from controller.core.errors import (
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
)
from controller.core.webhooks.rotation import CURRENT, PENDING

_SERVICE = "secretsmanager"


@dataclass(frozen=True, slots=True)
class SecretLabels:
    """Versions that have staging labels.

    Attributes:
        current: Id of the version with AWSCURRENT; empty if there is none.
        pending: Id of the version with AWSPENDING; empty if there is none.
    """

    current: str
    pending: str


class RotatedSecret:
    """Versions of one secret in Secrets Manager.

    Args:
        aws: AWS client.
        reference: Secret, without a stage or a version.
    """

    def __init__(self, aws: Aws, reference: SecretReference) -> None:
        self._aws = aws
        self._reference = reference
        self._name = reference.secret.name

    def labels(self) -> SecretLabels:
        """Return the versions with labels."""
        answer = self._aws.call(_SERVICE, "DescribeSecret", SecretId=self._name)
        if answer.get("DeletedDate") is not None:
            msg = f"{self._reference} is scheduled for deletion"
            raise NotFoundError(msg)
        found: Mapping[str, list[str]] = answer.get("VersionIdsToStages", {})
        by_label = {label: id_ for id_, labels in found.items() for label in labels}
        return SecretLabels(by_label.get(CURRENT, ""), by_label.get(PENDING, ""))

    def stage(self, secret: str) -> SecretLabels:
        """Store ``secret`` as a new version with AWSPENDING, unless there is one.

        The other keys of a secret in JSON are copied from the current version.
        """
        before = self.labels()
        if not before.current:
            msg = f"{self._reference} has no version with the stage {CURRENT}"
            raise NotFoundError(msg)
        if before.pending not in {"", before.current}:
            return before
        try:
            self._aws.call(
                _SERVICE,
                "PutSecretValue",
                SecretId=self._name,
                SecretString=self._with(secret),
                VersionStages=[PENDING],
            )
        except OutcomeUnknownError:
            after = self.labels()
            if after.pending in {"", after.current}:
                raise
            return after
        return self.labels()

    def promote(self, old: str, new: str) -> None:
        """Move AWSCURRENT from ``old`` to ``new``, and remove AWSPENDING from it."""
        self._move(CURRENT, old, new)
        self.unstage(new)

    def revert(self, old: str, new: str) -> None:
        """Move AWSCURRENT from ``new`` back to ``old``, and AWSPENDING to ``new``.

        A version without a label may be deleted meanwhile; it gets no AWSPENDING.
        """
        self._move(CURRENT, new, old)
        pending = self.labels().pending
        if pending != new:
            with suppress(NotFoundError):
                self._move(PENDING, pending, new)

    def unstage(self, version: str) -> None:
        """Remove AWSPENDING from ``version`` if it has it."""
        if self.labels().pending == version:
            self._move(PENDING, version, "")

    def _move(self, label: str, source: str, destination: str) -> None:
        """Move ``label``; either version may be empty.

        Raises:
            ConflictError: another version has the label.
        """
        holder = self._holder(label)
        if holder == destination:
            return
        if holder != source:
            msg = (
                f"{label} of {self._reference} was moved to version {holder or 'none'} "
                "by another program"
            )
            raise ConflictError(msg)
        parameters: dict[str, Any] = {"SecretId": self._name, "VersionStage": label}
        if source:
            parameters["RemoveFromVersionId"] = source
        if destination:
            parameters["MoveToVersionId"] = destination
        try:
            self._aws.call(_SERVICE, "UpdateSecretVersionStage", **parameters)
        except (OutcomeUnknownError, PermanentError):
            # Another process may have moved it in between.
            if self._holder(label) != destination:
                raise

    def _holder(self, label: str) -> str:
        found = self.labels()
        return found.current if label == CURRENT else found.pending

    def _with(self, secret: str) -> str:
        """Return the text of the secret with ``secret`` as the value of its key."""
        key = self._reference.secret.json_key
        if not key:
            return secret
        answer = self._aws.call(
            _SERVICE, "GetSecretValue", SecretId=self._name, VersionStage=CURRENT
        )
        try:
            values = json.loads(answer["SecretString"])
        except ValueError:
            values = None
        if not isinstance(values, dict) or key not in values:
            msg = f"{self._reference} has no key {key}: add it to the secret's JSON"
            raise NotFoundError(msg)
        return json.dumps({**values, key: secret})
