"""Base of simulated AWS services that store objects by name."""

import pickle
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import RefusalError


class UnknownOperationError(BaseException):
    """The simulated AWS lacks an operation; the program must not catch this."""


class Shelf:
    """Simulated service that stores objects by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.things: dict[str, Any] = {}
        self.changed: Counter[tuple[str, str]] = Counter()

    def saved(self) -> bytes:
        """Return the state."""
        return pickle.dumps(self.things)

    def load(self, saved: bytes) -> None:
        """Restore a saved state."""
        self.things = pickle.loads(saved)  # noqa: S301 - our own bytes

    def put(self, operation: str, name: str, thing: Any) -> None:
        """Store an object, and count it if it changed."""
        if self.things.get(name) != thing:
            self.changed[operation, name] += 1
        self.things[name] = thing

    def perform(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Carry out a call."""
        carry_out = getattr(self, operation, None)
        if carry_out is None:
            msg = f"{self.name}:{operation}"
            raise UnknownOperationError(msg)
        answer = carry_out(parameters)
        return pickle.loads(pickle.dumps(answer))  # noqa: S301 - our own bytes

    def _of(self, name: str, code: str) -> Any:
        if name not in self.things:
            raise RefusalError(code, f"{name} does not exist", 400)
        return self.things[name]


class VersionedShelf(Shelf):
    """Shelf whose objects have a version number and a time of rotation."""

    def rotate(self, name: str, value: str, at: float) -> None:
        """Store a new version, created at ``at`` (seconds), without a call."""
        self.things[history_of(name)] = [self.number(name) + 1, at]
        self.things[name] = value

    def number(self, name: str) -> int:
        """Return the version number of an object."""
        return int(self.things.get(history_of(name), [1, 0.0])[0])

    def made(self, name: str) -> float:
        """Return the creation time of the version in seconds."""
        return float(self.things.get(history_of(name), [1, 0.0])[1])


def history_of(name: str) -> str:
    """Return the key of the version of an object."""
    return f"history of {name}"
