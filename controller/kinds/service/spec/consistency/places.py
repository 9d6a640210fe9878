"""Declared fields with their places, and the task definition they result in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Fields: TypeAlias = Mapping[str, Any]
Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class DeclaredAt:
    """The declared fields of one service, and the task definition they result in.

    Attributes:
        task: Declared fields of RegisterTaskDefinition.
        service: Declared fields of CreateService.
        definition: Complete task definition.
    """

    task: Fields
    service: Fields
    definition: Fields

    @property
    def containers(self) -> Mapping[str, Fields]:
        """All containers of the task, by name."""
        return {c["name"]: c for c in self.definition["containerDefinitions"]}

    def own(self) -> Iterator[tuple[Place, Fields]]:
        """Yield each declared container with its place."""
        written = self.task.get("containerDefinitions") or ()
        for index, container in enumerate(written):
            yield ("task", "containerDefinitions", index), container

    def entries(self, field: str) -> Iterator[tuple[Place, str, Fields]]:
        """Yield the entries of a list of each container, with place and container."""
        for place, container in self.own():
            for index, entry in enumerate(container.get(field) or ()):
                yield (*place, field, index), container["name"], entry


def listed(fields: Fields, *path: str) -> Iterator[tuple[Place, Fields]]:
    """Yield the entries of the list at ``path``, with their places below it."""
    found: Any = fields
    for name in path:
        found = found.get(name) or {}
    for index, entry in enumerate(found or ()):
        yield (*path, index), entry


def one_of(names: Iterator[str] | Mapping[str, Any]) -> str:
    """Return the hint that lists ``names``; empty if there are none."""
    known = sorted({*names} - {""})
    return f"write one of {', '.join(known)}" if known else ""
