"""Session of a command: environment, document and settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.bootstrap.environment import environment
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.resources.kind import Kind
from controller.kinds import discover
from controller.settings import Settings
from controller.spec.document import Document, load
from controller.spec.nearest import suggestion


@dataclass(frozen=True)
class Session:
    """Environment of a command.

    Attributes:
        document: What is declared.
        settings: What the environment says.
        environ: The environment itself.
        kinds: All kinds, by name.
    """

    document: Document
    settings: Settings
    environ: Mapping[str, str]
    kinds: Mapping[str, Kind[Any, Any]]


def read(file: Path, chosen: str | None, state: Path | None = None) -> Session:
    """Return the context of a command on ``file``.

    Args:
        file: The document.
        chosen: Which environment is meant, if that was said.
        state: Where the local platform keeps its data, if that was said.

    Raises:
        SpecError: the document is not valid.
        RefusedError: an environment variable is not valid.
    """
    environ = environment(chosen, file.parent, state)
    kinds = discover()
    settings = Settings.read(environ)
    document = load(str(file), environment=chosen, environ=environ, kinds=kinds)
    return Session(document, settings, environ, kinds)


def chosen_targets(words: Iterable[str], document: Document) -> frozenset[ResourceId]:
    """Return the addresses that ``words`` name; plural kinds are understood.

    Raises:
        RefusedError: a word is no address, or nothing is declared there.
    """
    return frozenset(_target(word, document) for word in words)


def address(word: str, kinds: Mapping[str, Kind[Any, Any]]) -> ResourceId:
    """Return the address that ``word`` is, declared or not.

    Raises:
        RefusedError: it is no address, or of no kind there is.
    """
    id_ = _parsed(word)
    for kind in kinds.values():
        if id_.kind in {kind.name, kind.section}:
            return ResourceId(kind.name, id_.name)
    msg = f"{word} is of no kind there is; the kinds are {', '.join(sorted(kinds))}"
    raise RefusedError(msg)


def _parsed(word: str) -> ResourceId:
    try:
        return ResourceId.parse(word)
    except ValueError as error:
        raise RefusedError(str(error)) from None


def _target(word: str, document: Document) -> ResourceId:
    id_ = _parsed(word)
    singular = ResourceId(id_.kind.removesuffix("s"), id_.name)
    for known in (id_, singular):
        if known in document.resources:
            return known
    declared = [str(known) for known in document.resources]
    hint = suggestion(str(singular), declared)
    msg = f"{word} is not declared" + (f"; {hint}" if hint else "")
    raise RefusedError(msg)
