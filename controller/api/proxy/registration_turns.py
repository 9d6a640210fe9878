"""Creations of model versions, one at a time for equal registrations.

A repeated request with the same registration tag gets the version that exists.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Any, Protocol
from zlib import crc32

from fastapi.responses import JSONResponse

from controller.api.proxy.upstream import MlflowUpstream
from controller.core.errors import StoreUnavailableError
from controller.core.proxy.repeated_registration import (
    RegistrationRequest,
    registration_request,
)
from controller.store.lease import Lease, Leases

log = logging.getLogger(__name__)

_SEARCH = "/api/2.0/mlflow/model-versions/search"
# Each hash belongs to one of these turns, so that the leases of the store do not grow
# with the registrations.
TURNS = 64
LEASE_PREFIX = "registration/"
# A creation takes milliseconds; the lease of a process that ended expires.
_LEASED = timedelta(seconds=30)
_PAUSE_SECONDS = 0.05


class RegistrationLock(Protocol):
    """Locks that all replicas share, by number."""

    def held(self, number: int) -> AbstractAsyncContextManager[None]:
        """Hold a lock, once this process has it."""
        ...


class StoredRegistrationLock:
    """Locks as leases of the store.

    While the store is unavailable, registrations continue without it: then only
    requests to the same process are one at a time.

    Args:
        leases: Leases.
        holder: Id of this process.
    """

    def __init__(self, leases: Leases, holder: str) -> None:
        self._leases = leases
        self._holder = holder

    @asynccontextmanager
    async def held(self, number: int) -> AsyncIterator[None]:
        """Hold a lock, or wait until its lease has expired."""
        lease = await self._acquired(f"{LEASE_PREFIX}{number}")
        try:
            yield
        finally:
            if lease is not None:
                await self._released(lease)

    async def _acquired(self, name: str) -> Lease | None:
        for _ in range(int(_LEASED.total_seconds() / _PAUSE_SECONDS)):
            try:
                claim = await asyncio.to_thread(
                    self._leases.acquire, name, self._holder, _LEASED
                )
            except StoreUnavailableError as error:
                log.warning("no lock for a registration", extra={"cause": str(error)})
                return None
            if isinstance(claim, Lease):
                return claim
            await asyncio.sleep(_PAUSE_SECONDS)
        return None

    async def _released(self, lease: Lease) -> None:
        try:
            await asyncio.to_thread(self._leases.release, lease)
        except StoreUnavailableError as error:
            # It expires by itself.
            log.warning("a lock was not released", extra={"cause": str(error)})


class RegistrationTurns:
    """Registrations in progress.

    Args:
        upstream: MLflow.
        shared: Locks that all replicas share; None for a single process.
    """

    def __init__(
        self, upstream: MlflowUpstream, shared: RegistrationLock | None = None
    ) -> None:
        self._upstream = upstream
        self._shared = shared
        self._locks = tuple(asyncio.Lock() for _ in range(TURNS))

    @asynccontextmanager
    async def turn(self, request: RegistrationRequest) -> AsyncIterator[None]:
        """Wait until no equal registration is in progress, and begin this one."""
        number = crc32(request.hash.encode()) % TURNS
        # A lease does not tell two requests of one process apart.
        async with self._locks[number]:
            shared = self._shared.held(number) if self._shared else nullcontext()
            async with shared:
                yield

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


def identified(body: bytes) -> RegistrationRequest | None:
    """Return the registration in a body that was read before; None without a tag."""
    value: dict[str, Any] = json.loads(body)
    return registration_request(value)
