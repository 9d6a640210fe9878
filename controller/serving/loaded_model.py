"""A model in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from controller.core.models.signature import ModelSignature
from controller.core.predictions.readiness import VersionKey
from controller.core.predictions.rows import ModelRows


def _keep() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that predicts.

    Attributes:
        signature: Inputs that it accepts.
        predict: Returns the predictions as JSON values: a list with one for each row,
            if the model has that. Blocks; called by one thread at a time.
        example: Rows of its input example; None without one.
        close: Frees its files.
    """

    signature: ModelSignature
    predict: Callable[[ModelRows], Any]
    example: ModelRows | None = None
    close: Callable[[], None] = _keep


class ModelLoader(Protocol):
    """Source of loaded models."""

    def load(self, version: VersionKey) -> LoadedModel:
        """Load a version. Blocks. Safe to repeat.

        Raises:
            NotReadyError: It cannot be loaded; the message is the reason.
        """
        ...
