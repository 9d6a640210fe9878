"""Versions that cannot predict yet, or not now."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VersionKey:
    """Identity of a version: numbers repeat after a model was deleted.

    Attributes:
        model: Name of the registered model.
        number: Number of the version.
        created_at: Time of its creation, as listed.
    """

    model: str
    number: int
    created_at: str = ""

    def __str__(self) -> str:
        return f"{self.model}:{self.number}"


class NotReadyError(Exception):
    """A version is not ready; the message is the reason."""


class QueueFullError(Exception):
    """As many requests wait for a model as its queue holds."""


class PredictionFailedError(Exception):
    """The model raised an error; the message has none of the input."""
