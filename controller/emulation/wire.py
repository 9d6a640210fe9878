"""AWS's JSON protocol, version 1.1, for the simulated ECS."""

import json
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from typing import Any, TypeAlias

from controller.emulation.ecs.errors import (
    EcsError,
    NoReplyError,
    client_error,
    invalid,
    unknown_operation,
)
from controller.emulation.http_reply import Reply, json_reply
from controller.emulation.service_model import ServiceModel

TARGET_PREFIX = "AmazonEC2ContainerServiceV20141113."
CONTENT_TYPE = "application/x-amz-json-1.1"

Call: TypeAlias = Callable[[str, dict[str, Any]], dict[str, Any]]


class EcsProtocol:
    """Converts HTTP bodies to calls, and responses or errors to HTTP bodies."""

    def __init__(self, call: Call, model: ServiceModel) -> None:
        self._call = call
        self._model = model
        self._requests = count(1)

    def answer(self, target: str, raw: bytes) -> Reply | None:
        """Answer one request; None closes the connection without a response."""
        operation = target.removeprefix(TARGET_PREFIX)
        try:
            body = self._parsed(operation, raw)
            return self._reply(200, self._call(operation, body))
        except EcsError as error:
            body = {"__type": error.code, "message": error.message}
            return self._reply(error.status, body)
        except NoReplyError:
            return None

    def _parsed(self, operation: str, raw: bytes) -> dict[str, Any]:
        if operation not in self._model.operations():
            raise unknown_operation(operation)
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            raise EcsError("SerializationException", "Body is not JSON.") from None  # noqa: EM101
        if not isinstance(body, dict):
            message = "The body must be a JSON object."
            raise client_error(message)
        problems = self._model.request_problems(operation, body)
        if problems:
            raise invalid("; ".join(problems))
        return {key: value for key, value in body.items() if value is not None}

    def _reply(self, status: int, body: dict[str, Any]) -> Reply:
        digest = sha256(str(next(self._requests)).encode()).hexdigest()
        request_id = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:28]}"
        return json_reply(
            status, body, CONTENT_TYPE, **{"x-amzn-requestid": request_id}
        )
