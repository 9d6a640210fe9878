"""Validation of keys by the platform's authentication service."""

import json
from typing import Any

from controller.clients.bounded import BoundedClient
from controller.clients.http import bearer_header
from controller.core.access.validated_key import ValidatedKey
from controller.core.errors import RefusedError, TransientError
from controller.core.values.secret import Secret

PATH = "/api/v1/keys/validate"
_OK, _INVALID = 200, 401


class AuthServiceClient:
    """Client of the service's route ``POST /api/v1/keys/validate``.

    Args:
        client: Client of the route.
        service_id: Service for which keys are validated: ``platform``, ``website`` or
            ``prediction``.
    """

    def __init__(self, client: BoundedClient, service_id: str) -> None:
        self._client = client
        self._body = json.dumps({"service_id": service_id}).encode()

    async def validate(self, key: Secret) -> ValidatedKey | None:
        """Return the owner of a key; None if the service does not accept the key.

        Raises:
            TransientError: The service cannot say now: 429, 5xx, any other answer, or
                none.
        """
        try:
            headers = bearer_header(key.reveal())
        except (RefusedError, UnicodeEncodeError):
            return None
        headers[b"content-type"] = b"application/json"
        answer = await self._client.send("POST", headers, self._body)
        if answer.status == _INVALID:
            return None
        if answer.status != _OK:
            msg = f"the authentication service answered {answer.status}"
            raise TransientError(msg)
        return _validated(answer.body)


def _validated(body: bytes) -> ValidatedKey:
    try:
        found = json.loads(body)
        user = found.get("user_id") or found["user"]["id"]
        key_id = found.get("key_id") or user
        scopes = [*_texts(found.get("scopes")), *_administrator(found)]
        return ValidatedKey(
            str(user), str(key_id), tuple(scopes), tuple(_texts(found.get("roles")))
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        msg = "the authentication service answered without an owner of the key"
        raise TransientError(msg) from error


def _administrator(found: dict[str, Any]) -> list[str]:
    return ["is_admin"] if found.get("is_admin") is True else []


def _texts(value: Any) -> list[str]:
    """Return the texts of a list; anything else has none."""
    found = value if isinstance(value, list) else []
    return [text for text in found if isinstance(text, str)]
