"""Creations of model versions, one at a time for each registration.

A repeated request with the same registration tag gets the version that exists.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi.responses import JSONResponse

from controller.api.proxy.upstream import MlflowUpstream
from controller.core.proxy.repeated_registration import (
    RegistrationRequest,
    registration_request,
)

_SEARCH = "/api/2.0/mlflow/model-versions/search"


class RegistrationTurns:
    """RegistrationTurns in progress in this process.

    Args:
        upstream: MLflow.
    """

    def __init__(self, upstream: MlflowUpstream) -> None:
        self._upstream = upstream
        self._turns: dict[RegistrationRequest, _Turn] = {}

    @asynccontextmanager
    async def turn(self, request: RegistrationRequest) -> AsyncIterator[None]:
        """Wait until no equal registration is in progress, and begin this one."""
        turn = self._turns.setdefault(request, _Turn())
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if turn.waiting == 0:
                self._turns.pop(request, None)

    async def existing(self, request: RegistrationRequest) -> JSONResponse | None:
        """Return MLflow's answer for the version that exists; None without one.

        Raises:
            UnreachableError: MLflow cannot be reached.
            UnansweredError: MLflow did not answer the search.
        """
        query = {"filter": request.filter, "max_results": "100"}
        found = await self._upstream.found(_SEARCH, query)
        version = request.existing(found.get("model_versions", ()))
        return JSONResponse({"model_version": version}) if version else None


class _Turn:
    """Lock of one registration, with the number of requests that use it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


def identified(body: bytes) -> RegistrationRequest | None:
    """Return the registration in a body that was read before; None without a tag."""
    value: dict[str, Any] = json.loads(body)
    return registration_request(value)
