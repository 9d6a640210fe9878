"""Versions in memory: loaded at their first use, replaced without a gap, least used out.

A reference such as ``leads@production`` is served by its last version until the next one
is loaded and warm, so that a move of the alias loses no request.
"""

import asyncio
import gc
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.models.signature import ModelSignature
from controller.core.predictions.batching import batching_obstacle
from controller.core.predictions.readiness import NotReadyError, VersionKey
from controller.core.values.ttl_cache import TtlCache
from controller.serving.batch_queue import MOST_WAITING, BatchQueue
from controller.serving.loaded_model import LoadedModel, ModelLoader

log = logging.getLogger(__name__)

MOST_LOADED = 8
_AGAIN = timedelta(seconds=30)
_NO_EXAMPLE = "the model has no input example"


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """A version that is ready.

    Attributes:
        key: Version.
        signature: Inputs that it accepts.
        queue: Its queue.
        batching_obstacle: Reason why requests are not joined; empty if they are.
    """

    key: VersionKey
    signature: ModelSignature
    queue: BatchQueue
    batching_obstacle: str


def settle_memory() -> None:
    """Move all objects out of the reach of the garbage collector.

    A model and its libraries are a million objects, which a full collection would visit
    again and again, for 100 ms and more. Those of a version that was unloaded are freed.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _no_observer(_seconds: float) -> None:
    """Ignore the wait."""


class ServedModels:
    """The versions in memory. Belongs to one event loop; close it.

    Args:
        loader: Loads versions, one at a time, in a thread.
        clock: Measures the age of a failed load.
        most_loaded: Versions in memory at most, besides the one that is being loaded.
        most_waiting: Requests that wait for one version at most.
        observe_batch: Called with the seconds that a batch waited.
        settle: Called after each load, in its thread.
    """

    def __init__(
        self,
        loader: ModelLoader,
        clock: Clock,
        *,
        most_loaded: int = MOST_LOADED,
        most_waiting: int = MOST_WAITING,
        observe_batch: Callable[[float], None] = _no_observer,
        settle: Callable[[], None] = settle_memory,
    ) -> None:
        self._loader = loader
        self._clock = clock
        self._most_loaded = most_loaded
        self._most_waiting = most_waiting
        self._observe_batch = observe_batch
        self._settle = settle
        self._pool = ThreadPoolExecutor(1, "load model")
        self._versions: OrderedDict[VersionKey, ServedVersion] = OrderedDict()
        self._loads: dict[VersionKey, asyncio.Task[ServedVersion]] = {}
        self._failed: TtlCache[VersionKey, str] = TtlCache(_AGAIN)
        self._current: dict[str, VersionKey] = {}

    async def version(
        self, key: VersionKey, *, reference: str, patience: float
    ) -> ServedVersion:
        """Return a version that is ready.

        Args:
            key: Version that the reference names now.
            reference: Alias or name by which it is asked for; while ``key`` loads, the
                version that last served it is returned. Empty for exactly ``key``.
            patience: Seconds that the caller waits for a load, which continues after it.

        Raises:
            NotReadyError: It is being loaded, or cannot be.
        """
        found = self._used(key)
        if found is None:
            previous = self._used(self._current.get(reference))
            found = await self._loaded_or(previous, key, patience)
        if reference:
            self._current[reference] = found.key
        return found

    def close(self) -> None:
        """End the threads after what waits in the queues."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for load in self._loads.values():
            load.cancel()
        while self._versions:
            self._versions.popitem()[1].queue.close()

    def _used(self, key: VersionKey | None) -> ServedVersion | None:
        if key is None or (found := self._versions.get(key)) is None:
            return None
        self._versions.move_to_end(key)
        return found

    def _load(self, key: VersionKey) -> "asyncio.Task[ServedVersion]":
        load = self._loads.get(key)
        if load is None:
            load = asyncio.create_task(self._loaded(key))
            self._loads[key] = load
            load.add_done_callback(lambda done: self._ended(key, done))
        return load

    def _ended(self, key: VersionKey, load: "asyncio.Task[ServedVersion]") -> None:
        self._loads.pop(key, None)
        if not load.cancelled():
            load.exception()

    async def _loaded_or(
        self, previous: ServedVersion | None, key: VersionKey, patience: float
    ) -> ServedVersion:
        """Return ``previous``, if there is one, and load ``key``."""
        problem = self._failed.get(key, self._clock.monotonic())
        load = self._load(key) if problem is None else None
        if previous is not None:
            return previous
        if load is None:
            raise NotReadyError(problem)
        await asyncio.wait({load}, timeout=patience)
        if not load.done():
            msg = f"version {key.number} is being loaded"
            raise NotReadyError(msg)
        return load.result()

    async def _loaded(self, key: VersionKey) -> ServedVersion:
        loop = asyncio.get_running_loop()
        try:
            model, obstacle = await loop.run_in_executor(self._pool, self._warm, key)
        except NotReadyError as error:
            self._failed.put(key, str(error), self._clock.monotonic())
            log.warning(
                "model not loaded", extra={"version": str(key), "reason": str(error)}
            )
            raise
        queue = BatchQueue(
            model.predict,
            name=str(key),
            joins=not obstacle,
            most_waiting=self._most_waiting,
            closed=model.close,
            observe_batch=self._observe_batch,
        )
        found = ServedVersion(key, model.signature, queue, obstacle)
        self._versions[key] = found
        self._evict()
        log.info("model loaded", extra={"version": str(key), "not_batched": obstacle})
        return found

    def _warm(self, key: VersionKey) -> tuple[LoadedModel, str]:
        """Load a version and predict its example, in the thread of the loads."""
        try:
            model = self._loader.load(key)
        except NotReadyError:
            raise
        except Exception as error:
            # Its message may have an address or a credential.
            msg = f"version {key.number} cannot be loaded: {type(error).__name__}"
            raise NotReadyError(msg) from error
        if model.example is None:
            self._settle()
            return model, _NO_EXAMPLE
        try:
            model.predict(model.example)
        except Exception as error:
            model.close()
            msg = f"version {key.number} fails on its input example"
            raise NotReadyError(msg) from error
        obstacle = batching_obstacle(model.predict, model.example)
        self._settle()
        return model, obstacle

    def _evict(self) -> None:
        while len(self._versions) > self._most_loaded:
            key, version = self._versions.popitem(last=False)
            version.queue.close()
            log.info("model unloaded", extra={"version": str(key)})
        self._current = {r: k for r, k in self._current.items() if k in self._versions}
