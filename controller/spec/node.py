"""Values of the document that remember where they were written."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from controller.core.errors import SourcePosition

Path: TypeAlias = tuple[str | int, ...]
Scalar: TypeAlias = "str | int | float | bool | date | None"


class Node(NamedTuple):
    """A value and its place; immutable, so that an alias may share it.

    Attributes:
        value: A scalar, a dict of nodes or a list of nodes; neither is changed.
        text: A scalar as it was written.
        file: Where it was written.
        line: The line of the value, counted from 1.
        column: The column of the value, counted from 1.
        key: Line and column of the key it belongs to, if it is in a mapping.
    """

    value: "Scalar | dict[str, Node] | list[Node]"
    text: str
    file: str
    line: int
    column: int
    key: tuple[int, int] | None = None

    @property
    def place(self) -> SourcePosition:
        """Position for diagnostics: that of a scalar, else that of the key."""
        if isinstance(self.value, dict | list):
            return self.key_place
        return SourcePosition(self.file, self.line, self.column)

    @property
    def key_place(self) -> SourcePosition:
        """Position of the key, or of the value without a key."""
        return SourcePosition(self.file, *(self.key or (self.line, self.column)))

    @property
    def entries(self) -> "dict[str, Node]":
        """Entries of a mapping; empty if the value is not a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def child(self, part: str | int) -> "Node | None":
        """Return the value under ``part``, if there is one."""
        if isinstance(part, str):
            return self.entries.get(part)
        items = self.value if isinstance(self.value, list) else []
        return items[part] if 0 <= part < len(items) else None

    def nearest(self, path: Path) -> "Node":
        """Return the value at ``path``, or its nearest existing parent."""
        node = self
        for part in path:
            found = node.child(part)
            if found is None:
                break
            node = found
        return node

    def plain(self) -> Any:
        """Return the value without places."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
            case _:
                return self.value

    def scalars(self, path: Path = ()) -> "Iterator[tuple[Path, Node]]":
        """Yield every scalar with its path, in the order written."""
        match self.value:
            case dict():
                for key, node in self.value.items():
                    yield from node.scalars((*path, key))
            case list():
                for index, node in enumerate(self.value):
                    yield from node.scalars((*path, index))
            case _:
                yield path, self


def dotted(path: Path) -> str:
    """Return ``path`` as text: ``versions[0].source``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")
