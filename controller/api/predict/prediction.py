"""One prediction: its version, its input, and its time."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from fastapi import HTTPException, Request

from controller.api.auth.requirements import CallerCheck, permit
from controller.api.predict.resolution import ModelResolution, Target
from controller.core.access.caller import Caller
from controller.core.access.rate import RequestClass
from controller.core.access.scopes import KeyScope
from controller.core.models.signature import ModelSignature
from controller.core.predictions.readiness import (
    NotReadyError,
    PredictionFailedError,
    QueueFullError,
    VersionKey,
)
from controller.core.predictions.rows import ModelRows
from controller.serving.served_models import ServedModels, ServedVersion
from controller.telemetry.metrics import (
    PREDICTION_SECONDS,
    PREDICTIONS,
    Metrics,
)

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 25.0
_NOT_READY = {"retry-after": "30"}
_FULL = {"retry-after": "1"}
# A client that leaves sooner costs one unread prediction.
_WATCHED_AFTER = 0.1


class _ClientLeftError(Exception):
    """The client has closed the connection; no client reads the answer."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Answer of a model.

    Attributes:
        values: Predictions as JSON values, one for each row if the model has that.
        target: Reference that was resolved.
        key: Version that predicted.
        caller: Caller.
        request_id: Id of the request, also in the log.
    """

    values: Any
    target: Target
    key: VersionKey
    caller: Caller
    request_id: str


class Predictor:
    """Performs predictions for the routes.

    Args:
        models: Versions in memory.
        resolution: References to versions.
        access: Check of the callers.
        metrics: Counts predictions.
        process: Id of this process; request ids derive from it.
        seconds: Time of a prediction with its load.
    """

    def __init__(
        self,
        models: ServedModels,
        resolution: ModelResolution,
        access: CallerCheck,
        metrics: Metrics,
        *,
        process: str,
        seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._models = models
        self._resolution = resolution
        self._access = access
        self._metrics = metrics
        self._process = process
        self._seconds = seconds
        self._numbers = count(1)

    async def target(
        self, request: Request, reference: str, number: int | None = None
    ) -> tuple[Caller, Target]:
        """Return the caller and the version that a reference names.

        Raises:
            HTTPException: 401, 403 without the scope ``predict:model/NAME``, 404, 503.
        """
        caller = await self._access.caller(request, request_class=RequestClass.PREDICT)
        target = await self._resolution.target(reference, number)
        if target is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such model.")
        permit(caller, [KeyScope("predict", target.model)])
        if target.key is None:
            missing = "such version or alias" if target.is_exact else "version"
            raise HTTPException(
                HTTPStatus.NOT_FOUND, f"{target.model} has no {missing}."
            )
        return caller, target

    async def ready(
        self, target: Target, patience: float | None = None
    ) -> ServedVersion:
        """Return the version in memory; its load is started if it is not.

        Raises:
            HTTPException: 503 with the reason why it is not ready.
        """
        if target.key is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "The model has no version.")
        seconds = self._seconds if patience is None else patience
        try:
            return await self._models.version(
                target.key, reference=target.reference, patience=seconds
            )
        except NotReadyError as error:
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"The model is not ready: {error}",
                _NOT_READY,
            ) from None

    async def predict(
        self,
        request: Request,
        reference: str,
        rows_for: Callable[[ModelSignature], ModelRows],
        number: int | None = None,
    ) -> Prediction:
        """Return the predictions for the rows of a request.

        Args:
            request: Request, whose client may leave.
            reference: Reference to a model or a version.
            rows_for: Returns the rows for a signature; may raise InputError.
            number: Number of the version, instead of that of the reference.

        Raises:
            HTTPException: As of ``target`` and ``ready``; 503 while too many requests
                wait; 504 after the deadline; 500 if the model fails.
            InputError: The rows are not what the model accepts.
        """
        began = time.monotonic()
        outcome = "refused"
        try:
            caller, target = await self.target(request, reference, number)
            outcome = "not_ready"
            served = await self.ready(target)
            outcome = "invalid"
            rows = rows_for(served.signature)
            outcome = "failed"
            left = self._seconds - (time.monotonic() - began)
            values = await self._awaited(request, served.queue.submit(rows), left)
            outcome = "predicted"
        except QueueFullError as error:
            outcome = "full"
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE, f"The server is busy: {error}", _FULL
            ) from None
        except TimeoutError:
            outcome = "deadline"
            msg = f"The model did not predict within {self._seconds:g} s."
            raise HTTPException(HTTPStatus.GATEWAY_TIMEOUT, msg) from None
        except _ClientLeftError:
            outcome = "gone"
            raise HTTPException(
                HTTPStatus.REQUEST_TIMEOUT, "The client has left."
            ) from None
        except PredictionFailedError as error:
            raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)) from None
        finally:
            self._metrics.count(PREDICTIONS, outcome=outcome)
            self._metrics.measure(PREDICTION_SECONDS, time.monotonic() - began)
        id_ = self._request_id()
        log.info(
            "predicted",
            extra={
                "request_id": id_,
                "version": str(served.key),
                "api_key_id": caller.credential,
                "rows": rows.count,
                "milliseconds": round((time.monotonic() - began) * 1_000, 3),
            },
        )
        return Prediction(values, target, served.key, caller, id_)

    async def _awaited(
        self, request: Request, future: "asyncio.Future[Any]", seconds: float
    ) -> Any:
        """Return the result; the work is dropped after the deadline, or if the client leaves.

        Raises:
            TimeoutError: The deadline has passed.
        """
        done, _ = await asyncio.wait({future}, timeout=min(seconds, _WATCHED_AFTER))
        if done:
            return future.result()
        leaving = asyncio.create_task(_departure(request))
        try:
            await asyncio.wait(
                {future, leaving},
                timeout=max(0.0, seconds - _WATCHED_AFTER),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if future.done():
                return future.result()
            if leaving.done():
                raise _ClientLeftError
            raise TimeoutError
        finally:
            leaving.cancel()
            future.cancel()

    def _request_id(self) -> str:
        return str(uuid5(NAMESPACE_OID, f"{self._process}/{next(self._numbers)}"))


async def _departure(request: Request) -> None:
    """Return once the client has closed the connection; its body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
