"""Short texts kept beside a resource, by key; where they are kept is handed in."""

from typing import Protocol

from controller.core.resource import ResourceId


class Notes(Protocol):
    """Keeps what nobody will be able to tell when it is asked again."""

    def of(self, id_: ResourceId) -> dict[str, str]:
        """Return the notes on one resource, by key."""
        ...

    def keep(self, id_: ResourceId, key: str, text: str) -> None:
        """Keep a note, instead of an earlier one under the same key."""
        ...


class ShortNotes:
    """Notes that last as long as the process does."""

    def __init__(self) -> None:
        self._notes: dict[ResourceId, dict[str, str]] = {}

    def of(self, id_: ResourceId) -> dict[str, str]:
        """Return the notes on one resource, by key."""
        return dict(self._notes.get(id_, {}))

    def keep(self, id_: ResourceId, key: str, text: str) -> None:
        """Keep a note until the process ends."""
        self._notes.setdefault(id_, {})[key] = text
