"""One look at MLflow for all who ask within a pass."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from controller.core.errors import DriverError
from controller.core.models.registration import ModelVersion, TrainingRun
from controller.core.models.registry import (
    Experiment,
    RegisteredModel,
    RegistryReads,
)

SeenT = TypeVar("SeenT")


class MlflowReader:
    """Asks MLflow once for each thing and remembers the answer until ``clear``.

    Failures are remembered too: a server that hangs costs one timeout a pass.
    Callers who ask for the same thing at once wait for one request.
    """

    def __init__(self, api: RegistryReads) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._looks: dict[str, _Look] = {}

    def experiments(self) -> tuple[Experiment, ...]:
        """Return all experiments, the deleted ones too."""
        return self._seen("experiments", self._api.experiments)

    def models(self) -> tuple[RegisteredModel, ...]:
        """Return all registered models."""
        return self._seen("models", self._api.models)

    def versions(self) -> tuple[ModelVersion, ...]:
        """Return all versions of all registered models."""
        return self._seen("versions", self._api.versions)

    def runs(self, experiment_id: str, metric: str) -> tuple[TrainingRun, ...]:
        """Return the finished runs of one experiment that measured ``metric``."""
        return self._seen(
            f"runs/{experiment_id}/{metric}",
            lambda: self._api.runs(experiment_id, metric),
        )

    def clear(self) -> None:
        """Forget everything: the next question looks again."""
        with self._lock:
            self._looks = {}

    def _seen(self, what: str, look: Callable[[], SeenT]) -> SeenT:
        with self._lock:
            slot = self._looks.setdefault(what, _Look())
        seen: SeenT = slot.value(look)
        return seen


class _Look:
    """The answer to one question, or the error it met."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answer: Any = None
        self._error: DriverError | None = None

    def value(self, look: Callable[[], Any]) -> Any:
        with self._lock:
            if self._answer is None and self._error is None:
                try:
                    self._answer = look()
                except DriverError as error:
                    self._error = error
            if self._error is not None:
                raise type(self._error)(*self._error.args) from self._error
            return self._answer
