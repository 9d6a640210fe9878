"""Files of a document: the document itself, its includes and its overlay."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from controller.core.errors import Diagnostic, SourcePosition, SpecError
from controller.spec.node import Node
from controller.spec.overlay import overlaid
from controller.spec.parser import parse
from controller.spec.text import decode

Reader = Callable[[str], bytes]

INCLUDE = "include"
START = "start with `apiVersion: hokusai.ai/v1`"
OVERLAYS = "specs/environments"
# These sections describe the whole document and belong in its main file.
_MAIN_ONLY = ("platform", "local")
_NOT_JOINED = (INCLUDE, "apiVersion")


def from_disk(file: str) -> bytes:
    """Return the content of ``file``; raises OSError."""
    return Path(file).read_bytes()


@dataclass(slots=True)
class SourceFiles:
    """The files that were read for one document.

    Attributes:
        read: Returns the content of a file; raises OSError.
        problems: Problems found while reading.
        digests: Hash of each file; "" for a file that does not exist.
    """

    read: Reader
    problems: list[Diagnostic] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    def document(self, path: str) -> Node:
        """Return the document in ``path`` with everything that it includes.

        Raises:
            SpecError: the file cannot be read.
        """
        if (data := self._bytes(path)) is None:
            what, hint = "does not exist", "select a document with -f FILE"
            raise SpecError(Diagnostic(SourcePosition(path, 1, 1), "", what, hint))
        root = parse(decode(data, path), path, self.problems)
        if root is None or root.value is None:
            raise SpecError(
                Diagnostic(SourcePosition(path, 1, 1), "", "is empty", START)
            )
        if not isinstance(root.value, dict):
            raise SpecError(_not_a_mapping(root))
        return self._with_includes(root, (path,))

    def overlay(self, path: str, environment: str) -> Node | None:
        """Return the overlay of the document in ``path``, if there is one."""
        name = posixpath.join(posixpath.dirname(path), OVERLAYS, f"{environment}.yaml")
        if (data := self._bytes(name)) is None:
            return None
        node = self._mapping(data, name)
        if node and (included := node.child(INCLUDE)):
            what = "is not allowed in an overlay"
            self._report(included.place, INCLUDE, what, "move it to the document")
        return node

    def _with_includes(self, root: Node, chain: tuple[str, ...]) -> Node:
        listed = root.child(INCLUDE)
        names = listed.value if listed and isinstance(listed.value, list) else []
        for name in names:
            fragment = self._fragment(name, chain)
            if fragment is not None:
                root = self._joined(root, fragment)
        return root

    def _fragment(self, name: Node, chain: tuple[str, ...]) -> Node | None:
        """Return the fragment that an ``include`` entry names, or report a problem."""
        if not isinstance(name.value, str):
            return None  # the model of the document reports it
        folder = posixpath.dirname(chain[-1])
        file = posixpath.normpath(posixpath.join(folder, name.value))
        what = hint = ""
        if name.value.startswith(("/", "..")):
            what = "names a file outside of the document's folder"
            hint = "keep included files below the document"
        elif file in chain:
            loop = " → ".join((*chain[chain.index(file) :], file))
            what, hint = f"includes itself: {loop}", "remove one of these includes"
        elif (data := self._bytes(file)) is None:
            what, hint = f"names {file}, which does not exist", "correct the path"
        else:
            node = self._mapping(data, file)
            return node and self._with_includes(node, (*chain, file))
        self._report(name.place, INCLUDE, what, hint)
        return None

    def _mapping(self, data: bytes, file: str) -> Node | None:
        """Return the content of a further file; report it if it is not a mapping."""
        try:
            node = parse(decode(data, file), file, self.problems)
        except SpecError as error:
            self.problems += error.diagnostics
            return None
        if node and not isinstance(node.value, dict | None):
            self.problems.append(_not_a_mapping(node))
        return node if node and node.entries else None

    def _joined(self, root: Node, fragment: Node) -> Node:
        """Return ``root`` with the sections of ``fragment``; report repeated entries."""
        entries = dict(root.entries)
        for section, node in fragment.entries.items():
            if section in _MAIN_ONLY:
                what = "is only allowed in the main file"
                self._report(node.key_place, section, what, "move it there")
            elif section not in entries:
                entries[section] = node
            elif section not in _NOT_JOINED:
                have = entries[section]
                self._report_twice(section, have, node)
                entries[section] = overlaid(node, have)
        return root._replace(value=entries)

    def _report_twice(self, section: str, have: Node, more: Node) -> None:
        for name in sorted(have.entries.keys() & more.entries.keys()):
            what = f"is declared twice, first in {have.entries[name].key_place}"
            place = more.entries[name].key_place
            self._report(place, f"{section}.{name}", what, "keep one of them")

    def _bytes(self, file: str) -> bytes | None:
        try:
            data = self.read(file)
        except FileNotFoundError:
            self.digests[file] = ""
            return None
        except OSError as error:
            what = f"cannot be read: {error.strerror or type(error).__name__}"
            raise SpecError(Diagnostic(SourcePosition(file, 1, 1), "", what)) from None
        self.digests[file] = sha256(data).hexdigest()
        return data

    def _report(self, place: SourcePosition, path: str, what: str, hint: str) -> None:
        self.problems.append(Diagnostic(place, path, what, hint))


def _not_a_mapping(node: Node) -> Diagnostic:
    what = "must be a mapping of sections"
    return Diagnostic(node.place, "", what, START)
