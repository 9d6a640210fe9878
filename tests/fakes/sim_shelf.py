"""A service of AWS that keeps things by name, and no more."""

import pickle
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import RefusalError


class UnknownOperationError(BaseException):
    """The simulated AWS lacks an operation; nothing in the program may catch this."""


class Shelf:
    """A service that keeps things by name, and no more."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.things: dict[str, Any] = {}
        self.changed: Counter[tuple[str, str]] = Counter()

    def saved(self) -> bytes:
        """Return all it knows."""
        return pickle.dumps(self.things)

    def load(self, saved: bytes) -> None:
        """Become what it was."""
        self.things = pickle.loads(saved)  # noqa: S301 - our own bytes

    def put(self, operation: str, name: str, thing: Any) -> None:
        """Keep a thing, and note it if it is news."""
        if self.things.get(name) != thing:
            self.changed[operation, name] += 1
        self.things[name] = thing

    def perform(self, operation: str, asked: Mapping[str, Any]) -> Any:
        """Carry a call out."""
        carry_out = getattr(self, operation, None)
        if carry_out is None:
            msg = f"{self.name}:{operation}"
            raise UnknownOperationError(msg)
        answer = carry_out(asked)
        return pickle.loads(pickle.dumps(answer))  # noqa: S301 - our own bytes

    def _of(self, name: str, code: str) -> Any:
        if name not in self.things:
            raise RefusalError(code, f"{name} does not exist", 400)
        return self.things[name]


class VersionedShelf(Shelf):
    """The same, with a number and a time for what others have put there anew."""

    def rotate(self, name: str, value: str, at: float) -> None:
        """Put another value there, as somebody else would at ``at``, in seconds."""
        self.things[_history(name)] = [self.number(name) + 1, at]
        self.things[name] = value

    def number(self, name: str) -> int:
        """Return the version of a thing."""
        return int(self.things.get(_history(name), [1, 0.0])[0])

    def made(self, name: str) -> float:
        """Return when the version was made, in seconds."""
        return float(self.things.get(_history(name), [1, 0.0])[1])


def _history(name: str) -> str:
    return f"history of {name}"
