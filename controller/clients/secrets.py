"""Secrets read from their stores when they are needed."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime

from controller.core.dependencies import Aws
from controller.core.document.reference import SecretReference
from controller.core.errors import NotFoundError, RefusedError
from controller.core.webhooks.rotation import CURRENT

log = logging.getLogger(__name__)


class Secrets:
    """Resolves secret references without caching the values.

    Of each it keeps the time at which the value read last was stored.

    White space around a value is removed, with a warning: a newline comes from an editor
    or from ``echo``, and other readers of the secret remove it too.
    """

    def __init__(self, environ: Mapping[str, str], aws: Aws) -> None:
        self._environ = environ
        self._aws = aws
        self._trimmed: set[str] = set()
        self._stored_at: dict[SecretReference, datetime] = {}

    def stored_at(self, reference: SecretReference) -> datetime | None:
        """Return the time at which the value that was read last was stored.

        Secrets Manager has it of each version (CreatedDate), and the parameter store of
        the value (LastModifiedDate). None if the value was not read, or its store keeps
        no time.
        """
        return self._stored_at.get(reference)

    def value(self, reference: SecretReference) -> str:
        """Return the value of ``reference``.

        Raises:
            DriverError: The secret cannot be read; a NotFoundError names the remedy.
        """
        text = self._stored(reference)
        value = text.strip()
        if not value:
            msg = f"{reference} is blank: store the value of the secret"
            raise NotFoundError(msg)
        if value != text and str(reference) not in self._trimmed:
            self._trimmed.add(str(reference))
            fields = {"secret": str(reference)}
            log.warning("white space around a secret removed", extra=fields)
        return value

    def _stored(self, reference: SecretReference) -> str:
        try:
            return self._read(reference)
        except NotFoundError as error:
            if str(reference) in str(error):
                raise
            # The answer of AWS does not name what was not found.
            msg = f"{reference} does not exist: {error}"
            raise NotFoundError(msg) from error

    def _read(self, reference: SecretReference) -> str:
        match reference.store:
            case "env":
                return self._from_environment(reference.name)
            case "ssm":
                answer = self._aws.call(
                    "ssm", "GetParameter", Name=reference.name, WithDecryption=True
                )
                self._keep_time(reference, answer["Parameter"].get("LastModifiedDate"))
                return str(answer["Parameter"]["Value"])
            case _:
                return self._from_secrets_manager(reference)

    def _keep_time(self, reference: SecretReference, stored_at: object) -> None:
        if isinstance(stored_at, datetime):
            self._stored_at[reference] = stored_at

    def _from_environment(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value.strip():
            msg = f"env:{name} is not set: set it where the controller runs"
            raise NotFoundError(msg)
        return value

    def _from_secrets_manager(self, reference: SecretReference) -> str:
        part = reference.secret
        parameters = {"SecretId": part.name}
        if part.version:
            parameters["VersionId"] = part.version
        if part.stage or not part.version:
            # The default of AWS; moto's is the version that was stored as current.
            parameters["VersionStage"] = part.stage or CURRENT
        answer = self._aws.call("secretsmanager", "GetSecretValue", **parameters)
        self._keep_time(reference, answer.get("CreatedDate"))
        if "SecretString" not in answer:
            msg = f"{reference} is binary: store it as text"
            raise RefusedError(msg)
        text = str(answer["SecretString"])
        if not part.json_key:
            return text
        try:
            return str(json.loads(text)[part.json_key])
        except (ValueError, KeyError, TypeError):
            msg = f"{reference} has no key {part.json_key}: add it to the secret's JSON"
            raise NotFoundError(msg) from None
