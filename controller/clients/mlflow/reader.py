"""Reads of MLflow shared by all callers within a pass."""

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from controller.core.errors import DriverError
from controller.core.models.registration import ModelVersion, TrainingRun
from controller.core.models.registry import (
    Experiment,
    RegisteredModel,
    RegistryReads,
)
from controller.core.models.signature import Signature

ResultT = TypeVar("ResultT")


class MlflowReader:
    """Cache of MLflow's responses, and of its failures, until ``clear``.

    Because failures are cached, a server that hangs costs one timeout per pass.
    Concurrent callers of one read share one request.
    """

    def __init__(self, api: RegistryReads) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._reads: dict[str, _CachedRead] = {}
        self._finished: dict[str, TrainingRun] = {}
        self._gone: frozenset[str] = frozenset()
        self._signatures: dict[tuple[str, int, int], Signature] = {}

    def experiments(self) -> tuple[Experiment, ...]:
        """Return all experiments, including deleted ones."""
        return self._cached("experiments", self._api.experiments)

    def models(self) -> tuple[RegisteredModel, ...]:
        """Return all registered models."""
        return self._cached("models", self._api.models)

    def versions(self) -> tuple[ModelVersion, ...]:
        """Return all versions of all registered models."""
        return self._cached("versions", self._api.versions)

    def runs(self, experiment_id: str, metric: str) -> tuple[TrainingRun, ...]:
        """Return the finished runs of one experiment that logged ``metric``."""
        return self._cached(
            f"runs/{experiment_id}/{metric}",
            lambda: self._api.runs(experiment_id, metric),
        )

    def latest_runs(self, experiment_id: str, limit: int) -> tuple[TrainingRun, ...]:
        """Return the newest runs of one experiment; never from the cache."""
        return self._api.latest_runs(experiment_id, limit)

    def runs_by_id(self, ids: Collection[str]) -> Mapping[str, TrainingRun]:
        """Return the runs with these ids, by id; runs that are gone are left out.

        A finished run is read once and kept, because its metrics stay as they are. A
        run that is gone stays gone.
        """
        unknown = frozenset(ids) - self._finished.keys() - self._gone
        found = dict(self._finished)
        if unknown:
            key = f"runs/{','.join(sorted(unknown))}"
            read = self._cached(key, lambda: self._api.runs_by_id(unknown))
            self._finished |= {i: run for i, run in read.items() if run.is_finished}
            self._gone |= unknown - read.keys()
            found |= read
        return {id_: found[id_] for id_ in ids if id_ in found}

    def signature(self, version: ModelVersion) -> Signature:
        """Return the signature of ``version``; raises DriverError.

        It is read once and kept, because the files of a version stay as they are.
        """
        identity = (version.model, version.number, version.created_ms)
        known = self._signatures.get(identity)
        if known is None:
            key = "/".join(map(str, ("signature", *identity)))
            known = self._cached(key, lambda: self._api.signature(version))
            self._signatures[identity] = known
        return known

    def clear(self) -> None:
        """Empty the cache."""
        with self._lock:
            self._reads = {}

    def _cached(self, key: str, read: Callable[[], ResultT]) -> ResultT:
        with self._lock:
            cached = self._reads.setdefault(key, _CachedRead())
        result: ResultT = cached.value(read)
        return result


class _CachedRead:
    """Result of one read, or the error it raised."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._result: Any = None
        self._error: DriverError | None = None

    def value(self, read: Callable[[], Any]) -> Any:
        with self._lock:
            if self._result is None and self._error is None:
                try:
                    self._result = read()
                except DriverError as error:
                    self._error = error
            if self._error is not None:
                raise type(self._error)(*self._error.args) from self._error
            return self._result
