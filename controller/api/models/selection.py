"""Selection of models for an answer: filters, order, pages, and references to one."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from controller.api.models.listing import ModelSummary, VersionSummary, with_id

_ALIAS, _VERSION = "@", ":"
_Key: TypeAlias = tuple[str, str]


def _by_name(model: ModelSummary) -> _Key:
    return model.name.casefold(), model.name


def _by_creation(model: ModelSummary) -> _Key:
    newest = max((v.created_at for v in model.versions), default="")
    return newest, model.name


# Orders of the list; a minus reverses one.
ORDERS: Mapping[str, Callable[[ModelSummary], _Key]] = MappingProxyType(
    {"name": _by_name, "newest_version": _by_creation}
)


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """Filter of models; an empty field selects all.

    Attributes:
        name: Name in MLflow.
        id: Id, or a former id.
        token_symbol: Symbol of the token, in any case.
        alias: Alias that the model has.
        text: Text within the name, the id or the description, in any case.
    """

    name: str = ""
    id: str = ""
    token_symbol: str = ""
    alias: str = ""
    text: str = ""

    def of(self, models: Sequence[ModelSummary]) -> tuple[ModelSummary, ...]:
        """Return the selected models, in their order."""
        found = with_id(tuple(models), self.id) if self.id else tuple(models)
        return tuple(model for model in found if self._selects(model))

    def _selects(self, model: ModelSummary) -> bool:
        text = self.text.casefold()
        texts = (model.name, model.model_id, model.description)
        return (
            self.name in ("", model.name)
            and self.token_symbol.casefold() in ("", model.token_symbol.casefold())
            and (not self.alias or any(self.alias in v.aliases for v in model.versions))
            and any(text in one.casefold() for one in texts)
        )


@dataclass(frozen=True, slots=True)
class ModelPage:
    """Part of a list of models.

    Attributes:
        models: Models of the page.
        next: Cursor of the next page; empty on the last one.
    """

    models: tuple[ModelSummary, ...]
    next: str = ""


def page(
    models: Sequence[ModelSummary], order: str, limit: int, cursor: str
) -> ModelPage:
    """Return one page of ``models``.

    A cursor names the last model of the page before, so that models that come or go
    meanwhile neither repeat nor hide others.

    Args:
        models: All selected models.
        order: Key of ``ORDERS``, after a minus for the reverse order.
        limit: Number of models on a page.
        cursor: ``next`` of the page before; empty for the first page.

    Raises:
        ValueError: The cursor is not from a page of this order.
    """
    reverse = order.startswith("-")
    key = ORDERS[order.removeprefix("-")]
    ordered = sorted(models, key=key, reverse=reverse)
    if cursor:
        last = _position(cursor, order)
        ordered = [m for m in ordered if (key(m) < last if reverse else key(m) > last)]
    shown = tuple(ordered[:limit])
    more = len(ordered) > limit
    return ModelPage(shown, _cursor(key(shown[-1]), order) if more else "")


@dataclass(frozen=True, slots=True)
class Referred:
    """A model, and the version that a reference names.

    Attributes:
        model: Model.
        version: Version; None if the model has none, or the reference names none that
            exists.
        is_exact: True if the reference names a version or an alias.
    """

    model: ModelSummary
    version: VersionSummary | None
    is_exact: bool


def referred(models: Sequence[ModelSummary], reference: str) -> Referred | None:
    """Return the model that a reference names; None if there is none.

    A reference is an id, a former id or a name; after it, ``@ALIAS`` or ``:VERSION``
    may name a version. Without one it is the newest version.
    """
    if (model := _model(models, reference)) is not None:
        return Referred(model, next(iter(model.versions), None), is_exact=False)
    for separator in (_ALIAS, _VERSION):
        word, found, rest = reference.rpartition(separator)
        model = _model(models, word) if found else None
        if model is not None:
            return Referred(model, _version(model, separator, rest), is_exact=True)
    return None


def _model(models: Sequence[ModelSummary], word: str) -> ModelSummary | None:
    by_id = with_id(tuple(models), word)
    by_name = tuple(model for model in models if model.name == word)
    return next(iter((*by_id, *by_name)), None)


def _version(model: ModelSummary, separator: str, rest: str) -> VersionSummary | None:
    if separator == _ALIAS:
        return next((v for v in model.versions if rest in v.aliases), None)
    return next((v for v in model.versions if str(v.number) == rest), None)


def _cursor(key: _Key, order: str) -> str:
    text = json.dumps([order, *key], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str, order: str) -> _Key:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (Error, ValueError):
        found = None
    match found:
        case [str(made_for), str(first), str(second)] if made_for == order:
            return first, second
        case _:
            pass
    msg = "is not the cursor of a page of this order"
    raise ValueError(msg)
