"""Parser from YAML text to nodes with source positions, in one pass over the events.

It is faster than PyYAML's composer, uses no recursion that a deep file could exhaust,
detects repeated keys, and limits the expansion of aliases.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from controller.core.errors import Diagnostic, SourcePosition, SpecError
from controller.spec.node import Node
from controller.spec.scalars import TAG, tag_of, value_of

DEEPEST = 64
# Nodes that aliases may add; real documents need at most hundreds.
MOST_REPEATED = 100_000
MERGE = "<<"

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "map", "seq"})
_PLAIN = (None, "!")


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end was not read yet."""

    node: Node
    anchor: str | None
    size: int = 1
    key: "Node | None" = None
    merged: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Builder:
    """State of the parser during the events of one file."""

    file: str
    problems: list[Diagnostic]
    root: Node | None = None
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    repeated: int = 0

    def take(self, event: yaml.Event) -> None:
        """Add ``event`` to the tree."""
        match event:
            case yaml.ScalarEvent():
                self._add(self._scalar(event), 1, event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._start(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent() if self.root is not None:
                raise self._stop(event, "starts a second document", "keep one a file")

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.open) >= DEEPEST:
            raise self._stop(event, f"is nested more than {DEEPEST} deep")
        self._check_tag(event)
        empty: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.open.append(_Open(self._node(event, empty), event.anchor))

    def _end(self) -> None:
        done = self.open.pop()
        for merged in done.merged:
            for key, node in merged.entries.items():
                done.node.entries.setdefault(key, node)
        self._add(done.node, done.size, done.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        known = self.anchors.get(event.anchor or "")
        if known is None:
            what = f"has an alias to *{event.anchor}, which is not complete before it"
            raise self._stop(event, what, "write the value with its & first")
        node, size = known
        self.repeated += size
        if self.repeated > MOST_REPEATED:
            what = f"repeats more than {MOST_REPEATED} values by aliases"
            raise self._stop(event, what, "write fewer * aliases")
        self._add(node, size, None)

    def _add(self, node: Node, size: int, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = node, size
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.size += size
        if isinstance(parent.node.value, list):
            parent.node.value.append(node)
        elif parent.key is None:
            parent.key = self._key(node)
        else:
            self._put(parent, parent.key, node)
            parent.key = None

    def _put(self, parent: _Open, key: Node, node: Node) -> None:
        name = key.text
        if name == MERGE:
            self._merge(parent, key, node)
            return
        entries = parent.node.entries
        if name in entries:
            first = entries[name].key_place.line
            what = f"the key `{name}` is written twice, first in line {first}"
            self._report(key.place, what, "keep one of them")
            return
        entries[name] = node._replace(key=(key.line, key.column))

    def _key(self, node: Node) -> Node:
        """Return a key as text, and report one that is not."""
        if isinstance(node.value, dict | list):
            self._report(node.place, "a key must be text, not a mapping or a list")
            return node._replace(value="", text="?")
        if not isinstance(node.value, str):
            what = f"the key {node.text or 'null'} is not text"
            self._report(node.place, what, f'quote it: "{node.text}"')
        return node

    def _merge(self, parent: _Open, key: Node, node: Node) -> None:
        """Record the entries of ``<<``: own keys take precedence, then the first ones."""
        sources = node.value if isinstance(node.value, list) else [node]
        if not all(isinstance(source.value, dict) for source in sources):
            what = "<< merges mappings only"
            self._report(key.place, what, "write <<: *name, or <<: [*one, *two]")
            return
        parent.merged.extend(sources)

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        self._check_tag(event)
        tag = (event.tag or "").removeprefix(TAG)
        if event.tag in _PLAIN:
            tag = tag_of(event.value) if event.implicit[0] else "str"
        try:
            value = value_of(tag, event.value)
        except ValueError as error:
            value = event.value
            shown = event.value if len(event.value) < DEEPEST else "the number"
            self._report(
                self._place(event), f"{shown} {error}", "quote it or correct it"
            )
        return self._node(event, value, event.value)

    def _check_tag(self, event: Any) -> None:
        if event.tag not in _PLAIN and event.tag.removeprefix(TAG) not in _TAGS:
            what = f"has the tag {event.tag.replace(TAG, '!!')}"
            self._report(self._place(event), what, "remove the tag")

    def _node(self, event: yaml.Event, value: Any, text: str = "") -> Node:
        return Node(value, text, self.file, *_spot(event.start_mark))

    def _place(self, event: yaml.Event) -> SourcePosition:
        return SourcePosition(self.file, *_spot(event.start_mark))

    def _report(self, place: SourcePosition, what: str, hint: str = "") -> None:
        self.problems.append(Diagnostic(place, "", what, hint))

    def _stop(self, event: yaml.Event, what: str, hint: str = "") -> SpecError:
        return SpecError(Diagnostic(self._place(event), "", what, hint))


def parse(text: str, file: str, problems: list[Diagnostic]) -> Node | None:
    """Return the value of the one document in ``text``; None if there is none.

    What is wrong and can be read past is added to ``problems``.

    Raises:
        SpecError: the text cannot be read to its end.
    """
    builder = _Builder(file, problems)
    for event in _events(text, file):
        builder.take(event)
    return builder.root


def _events(text: str, file: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line, column = _spot(error.problem_mark or error.context_mark)
        said = _explained(error, text.split("\n")[line - 1 : line], column)
        raise SpecError(
            Diagnostic(SourcePosition(file, line, column), "", *said)
        ) from None


def _spot(mark: Any) -> tuple[int, int]:
    """Return line and column, counted from 1."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _explained(
    error: yaml.MarkedYAMLError, lines: list[str], column: int
) -> tuple[str, str]:
    """Return the problem of invalid YAML, and a hint."""
    line = "".join(lines)
    said = " ".join(filter(None, (error.context, error.problem)))
    if "\t" in line[:column]:
        return "has a tab where YAML wants spaces", "indent with spaces"
    if "mapping values are not allowed" in said:
        return (
            "is not valid YAML: a second `:` in one line",
            "quote text that holds `: `",
        )
    if "cannot start any token" in said:
        char = line[column - 1 : column]
        return f"is not valid YAML: text cannot start with {char}", "quote the text"
    return f"is not valid YAML: {said}", "correct this line or the one above"
