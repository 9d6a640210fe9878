"""Diagnostics for validation errors of pydantic."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from controller.core.document.fields import RULE, Derived, SetElsewhere
from controller.core.errors import Diagnostic
from controller.spec.nearest import nearest, suggestion
from controller.spec.node import Node, Path, dotted

KEY = "[key]"
_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}
_CHOICES = ("literal_error", "enum")
_LIMITS = {
    "greater_than_equal": ("must be at least {ge}, not {number}", ""),
    "less_than_equal": ("must be at most {le}, not {number}", ""),
    "too_short": ("must have at least {min_length}", "add an entry"),
    "too_long": ("must have at most {max_length}", "remove entries"),
    "string_too_long": ("must have at most {max_length} characters", "shorten it"),
}
# bool before int: Python thinks True a number.
_SHAPES: tuple[tuple[type, str], ...] = (
    (dict, "a mapping"),
    (list, "a list"),
    (bool, "true or false, as YAML reads it"),
    (int, "a whole number"),
    (float, "a number"),
    (date, "a date"),
    (object, "text"),
)
_LONGEST_NUMBER = 20


def diagnostics(
    error: ValidationError,
    node: Node,
    prefix: Path,
    model: type[BaseModel],
    other_fields: frozenset[str] = frozenset(),
) -> Iterator[Diagnostic]:
    """Yield every problem in ``error``.

    Args:
        error: Error of validating ``node`` with ``model``.
        node: Validated value, with source positions.
        prefix: Path of ``node`` in the document.
        model: Model of the validation.
        other_fields: Fields of ``node`` that belong to another model.
    """
    errors = error.errors(include_url=False)
    for found in errors:
        if not _follows(found, errors):
            yield _diagnostic(found, node, prefix, model, other_fields)


def _follows(found: ErrorDetails, errors: Iterable[ErrorDetails]) -> bool:
    """Return True for an error that is gone once another one is corrected."""
    loc = found["loc"]
    match found["type"]:
        case "too_short":
            # A list whose items are wrong also has too few right ones.
            return any(
                e["loc"][: len(loc)] == loc and len(e["loc"]) > len(loc) for e in errors
            )
        case "missing":
            misspelled = (
                str(e["loc"][-1])
                for e in errors
                if e["type"] == "extra_forbidden" and e["loc"][:-1] == loc[:-1]
            )
            return any(nearest(word, [str(loc[-1])]) for word in misspelled)
        case _:
            return False


def misfit(error: ValueError, node: Node, prefix: Path) -> Diagnostic:
    """Return the diagnostic for a rule that was raised outside a model."""
    context: Mapping[str, Any] = getattr(error, "context", None) or {}
    what = context.get("problem") or str(error)
    field = context.get("field", "")
    return _ruled(what, context.get("hint", ""), field, (node, prefix, ()))


def _diagnostic(
    found: ErrorDetails,
    node: Node,
    prefix: Path,
    model: type[BaseModel],
    other_fields: frozenset[str],
) -> Diagnostic:
    loc = found["loc"]
    context = found.get("ctx", {})
    match found["type"]:
        case "missing":
            path = _real(loc[:-1], node)
            field = str(loc[-1])
            what, hint = "is missing", _example(model, path, field)
            place = node.nearest(path).key_place
            return Diagnostic(place, dotted((*prefix, *path, field)), what, hint)
        case "extra_forbidden":
            path = _real(loc, node)
            known = {*fields_at(model, path[:-1]), *(() if path[1:] else other_fields)}
            place = node.nearest(path).key_place
            hint = suggestion(str(path[-1]), known)
            return Diagnostic(
                place, dotted((*prefix, *path)), "is not a known field", hint
            )
        case kind if kind == RULE:
            path = _real(loc, node)
            if loc[-1:] == (KEY,):
                what = f"as a name {context['problem']}"
                place = node.nearest(path).key_place
                return Diagnostic(
                    place, dotted((*prefix, *path)), what, context["hint"]
                )
            where = (node, prefix, path)
            return _ruled(context["problem"], context["hint"], context["field"], where)
        case _:
            path = _real(loc, node)
            value = node.nearest(path)
            what, hint = _explained(found, value, fields_at(model, path))
            return Diagnostic(value.place, dotted((*prefix, *path)), what, hint)


def _ruled(
    what: str, hint: str, field: str | Path, where: tuple[Node, Path, Path]
) -> Diagnostic:
    node, prefix, path = where
    at = node.nearest(path)
    below = tuple(_indexed(at, field)) if field and isinstance(field, str) else field
    full = (*path, *below)
    place = node.nearest(full).place
    return Diagnostic(place, dotted((*prefix, *full)), what, hint)


def _indexed(node: Node, field: str) -> Iterator[str | int]:
    """Yield the parts of ``field``: numbers where ``node`` has a list."""
    for part in field.split("."):
        found: str | int = int(part) if isinstance(node.value, list) else part
        node = node.nearest((found,))
        yield found


def _real(loc: tuple[str | int, ...], node: Node) -> Path:
    """Return ``loc`` without parts that pydantic adds: union tags, ``[key]``."""
    path: list[str | int] = []
    for part in loc:
        child = node.child(part)
        if child is not None:
            path.append(part)
            node = child
    return tuple(path)


def _explained(
    found: ErrorDetails, value: Node, known: Iterable[str]
) -> tuple[str, str]:
    """Return the problem of ``value``, and a hint."""
    kind, context = found["type"], found.get("ctx", {})
    if value.value is None and kind in (*_TYPES, *_CHOICES):
        return "must not be empty", "write a value or remove the field"
    if kind in _TYPES:
        what = f"must be {_TYPES[kind]}, not {_shape(value)}"
        return what, _type_hint(kind, value, known)
    if kind in _CHOICES:
        quoted = re.findall(r"'([^']*)'|(\b[0-9]+\b)", context["expected"])
        words = [text or number for text, number in quoted]
        near = nearest(value.text, words) if words[1:] else ""
        return f"must be {_either(words)}", near and f"did you mean {near}?"
    if kind in _LIMITS:
        what, hint = _LIMITS[kind]
        return what.format(**context, number=_number(value)), hint
    return found["msg"][:1].lower() + found["msg"][1:], ""


def _type_hint(kind: str, value: Node, known: Iterable[str]) -> str:
    """Return the form of ``value`` that has the required type."""
    match value.value:
        case str() if kind in ("int_type", "float_type", "bool_type"):
            return "remove the quotes" if value.text.isdecimal() else ""
        case bool() | int() | float() | date() if kind == "string_type":
            return f'quote it: "{value.text}"'
        case str() | int() if kind in ("tuple_type", "list_type"):
            return "put it in brackets: [ ]"
        case _:
            return f"its fields are {', '.join(known)}" if known else ""


def _shape(node: Node) -> str:
    return next(words for type_, words in _SHAPES if isinstance(node.value, type_))


def _number(node: Node) -> str:
    long = len(node.text) > _LONGEST_NUMBER
    return f"a number of {len(node.text)} digits" if long else node.text


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else words[0]


def fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """Return the fields that may be written at ``path`` below ``model``."""
    field = model.model_fields.get(str(path[0])) if path else None
    for mark in field.metadata if field else ():
        if isinstance(mark, SetElsewhere):
            return list(mark.fields(path[1:]))
    found = model_at(model, path)
    fields = found.model_fields if found else {}
    return [name for name, field in fields.items() if not is_derived(field)]


def is_derived(field: FieldInfo) -> bool:
    """Return True if ``field`` is derived from the platform and never written."""
    return any(isinstance(mark, Derived) for mark in field.metadata)


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the model of the value at ``path`` below ``model``."""
    for part in path:
        field = model.model_fields.get(str(part))
        if field is not None:
            inner = _model_in(field.annotation)
            if inner is None:
                return None
            model = inner
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first model inside an annotation such as ``tuple[X, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    models = (_model_in(inner) for inner in get_args(annotation))
    return next((found for found in models if found), None)


def _example(model: type[BaseModel], path: Path, field: str) -> str:
    """Return a line to add: the field with the example from its model."""
    found = model_at(model, path)
    examples = found.model_fields[field].examples if found else None
    if not examples or isinstance(examples[0], dict | list):
        return f"add {field}"
    example = examples[0]
    quoted = (
        f'"{example}"'
        if str(example).isdecimal() and isinstance(example, str)
        else example
    )
    return f"add {field}: {quoted}"
