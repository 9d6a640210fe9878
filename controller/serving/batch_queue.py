"""Queue of one model, whose thread takes what has arrived during its last prediction.

There is no wait for more requests: a lone request is predicted at once, and under load
the batches grow by themselves.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from controller.core.predictions.batching import sliced
from controller.core.predictions.readiness import (
    PredictionFailedError,
    QueueFullError,
)
from controller.core.predictions.rows import ModelRows

log = logging.getLogger(__name__)

MOST_WAITING = 256
_MOST_ROWS = 1_024
_FAILED = "The model failed on this input."


@dataclass(frozen=True, slots=True)
class _Request:
    rows: ModelRows
    future: "asyncio.Future[Any]"
    since: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    request: _Request
    predictions: Any = None
    has_failed: bool = False


def _no_observer(_seconds: float) -> None:
    """Ignore the wait."""


class BatchQueue:
    """Requests of one model. Close it.

    ``submit`` and ``close`` are called in the thread of one event loop.

    Args:
        predict: Predicts rows, in the thread of the queue.
        name: Name of the thread.
        joins: True if the rows of several requests may be predicted together.
        most_waiting: Requests that wait or are predicted at most.
        closed: Called by the thread of the queue at its end.
        observe_batch: Called with the seconds that the oldest request of a batch waited.
    """

    def __init__(
        self,
        predict: Callable[[ModelRows], Any],
        *,
        name: str,
        joins: bool,
        most_waiting: int = MOST_WAITING,
        closed: Callable[[], None] | None = None,
        observe_batch: Callable[[float], None] = _no_observer,
    ) -> None:
        self._predict = predict
        self._joins = joins
        self._most_waiting = most_waiting
        self._closed = closed
        self._observe_batch = observe_batch
        self._waiting = 0
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._held: _Request | None = None
        self._thread = Thread(target=self._work, name=f"predict {name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Number of requests that wait or are predicted."""
        return self._waiting

    def submit(self, rows: ModelRows) -> "asyncio.Future[Any]":
        """Queue rows and return their predictions to come.

        A future that is cancelled before its turn costs the model nothing. It raises
        PredictionFailedError if the model does.

        Raises:
            QueueFullError: Too many requests wait.
        """
        if self._waiting >= self._most_waiting:
            msg = "too many requests wait for the model"
            raise QueueFullError(msg)
        future = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._requests.put(_Request(rows, future, time.monotonic()))
        return future

    def close(self) -> None:
        """Predict what waits, and end the thread. Does not wait for it."""
        self._requests.put(None)

    def _work(self) -> None:
        try:
            while batch := self._next_batch():
                self._observe_batch(time.monotonic() - batch[0].since)
                outcomes = self._outcomes(
                    [request for request in batch if not request.future.done()]
                )
                with suppress(RuntimeError):  # the loop has ended
                    batch[0].future.get_loop().call_soon_threadsafe(
                        self._deliver, outcomes, len(batch)
                    )
        finally:
            if self._closed is not None:
                self._closed()

    def _next_batch(self) -> list[_Request]:
        """Return what has arrived, at least one request; nothing at the end."""
        first = self._held or self._requests.get()
        self._held = None
        if first is None:
            return []
        batch, count = [first], first.rows.count
        while self._joins and count < _MOST_ROWS:
            try:
                request = self._requests.get_nowait()
            except Empty:
                break
            if request is None:
                self._requests.put(None)
                break
            if not first.rows.can_join(request.rows):
                self._held = request
                break
            batch.append(request)
            count += request.rows.count
        return batch

    def _outcomes(self, batch: Sequence[_Request]) -> list[_Outcome]:
        if not batch:
            return []
        if len(batch) == 1:
            return [self._alone(batch[0])]
        rows = [request.rows for request in batch]
        try:
            found = self._predict(ModelRows.joined(rows))
            parts = sliced(found, [one.count for one in rows])
        except Exception:  # noqa: BLE001 - the rows of one caller fail for no other
            return [self._alone(request) for request in batch]
        return [_Outcome(r, part) for r, part in zip(batch, parts, strict=True)]

    def _alone(self, request: _Request) -> _Outcome:
        try:
            return _Outcome(request, self._predict(request.rows))
        except Exception as error:  # noqa: BLE001 - a model raises anything
            # Its message may have values of the caller.
            log.warning("a prediction failed", extra={"error": type(error).__name__})
            return _Outcome(request, has_failed=True)

    def _deliver(self, outcomes: Sequence[_Outcome], taken: int) -> None:
        self._waiting -= taken
        for outcome in outcomes:
            future = outcome.request.future
            if future.done():
                continue
            if outcome.has_failed:
                future.set_exception(PredictionFailedError(_FAILED))
            else:
                future.set_result(outcome.predictions)
