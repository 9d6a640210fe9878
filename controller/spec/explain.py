"""Documentation of a field, as text from the schema."""

import json
from collections.abc import Iterator
from typing import Any

from controller.core.errors import RefusedError
from controller.spec.nearest import nearest, suggestion
from controller.spec.scalars import tag_of
from controller.spec.schema import Schema

_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "maxLength": "at most {} characters",
    "pattern": "matches {}",
}


def explain(path: str, schema: Schema) -> str:
    """Return the documentation of the field at ``path``.

    Keys and indexes between the fields are optional: ``services.api.health`` is
    ``services.health``.

    Args:
        path: Path of the field; "" is the whole document.
        schema: Schema from ``schema.document_schema``.

    Raises:
        RefusedError: there is no such field.
    """
    here, walked = schema, list[str]()
    for part in path.replace("[", ".").replace("]", "").split(".") if path else ():
        fields = _fields(here, schema)
        if part in fields:
            here = fields[part]
            walked.append(part)
        elif _has_names(here, schema) and not nearest(part, fields, 0.8):
            here = _one(here, schema)
        else:
            where = ".".join(walked)
            hint = suggestion(part, fields)
            place = where or "the document"
            msg = f"{path} is not a field: {place} has no field {part}; {hint}"
            raise RefusedError(msg)
    return "\n".join(_lines(".".join(walked), here, schema)) + "\n"


def _lines(path: str, field: Schema, schema: Schema) -> Iterator[str]:
    yield f"{path or 'hokusai.yaml'}  ({_type(field, schema)})"
    resolved = _resolved(field, schema)
    description = field.get("description") or resolved.get("description", "")
    if description:
        yield f"  {description}"
    if "default" in field and field["default"] not in (None, "", [], {}):
        yield f"  default: {_plain(field['default'])}"
    for words in dict.fromkeys(_limits(field, schema)):
        yield f"  {words}"
    for example in field.get("examples", ())[:2]:
        yield f"  example: {path.rpartition('.')[2]}: {_plain(example)}"
    fields = _fields(field, schema)
    required = _required(field, schema)
    for name, inner in fields.items():
        mark = " (required)" if name in required else ""
        yield f"    {name}  {_type(inner, schema)}{mark}"


def _options(field: Schema, schema: Schema) -> list[Schema]:
    """Return ``field``, or its alternatives without null."""
    field = _resolved(field, schema)
    choices = field.get("anyOf") or (
        field.get("oneOf") if "properties" not in field else None
    )
    if not choices:
        return [field]
    found = [one for choice in choices for one in _options(choice, schema)]
    return [one for one in found if one.get("type") != "null"]


def _resolved(field: Schema, schema: Schema) -> Schema:
    while "$ref" in field:
        field = schema["$defs"][field["$ref"].rpartition("/")[2]]
    return field


def _inner(option: Schema) -> list[Schema]:
    """Return the schemas of the entries of a mapping or list."""
    held = [*option.get("patternProperties", {}).values()]
    held += [option[k] for k in ("items", "additionalProperties") if option.get(k)]
    return [inner for inner in held if isinstance(inner, dict)]


def _fields(field: Schema, schema: Schema) -> dict[str, Schema]:
    """Return the fields below ``field``, through lists and mappings by name."""
    found: dict[str, Schema] = {}
    for option in _options(field, schema):
        found |= option.get("properties", {})
        if not option.get("properties"):
            for inner in _inner(option):
                found |= _fields(inner, schema)
    return found


def _required(field: Schema, schema: Schema) -> set[str]:
    found: set[str] = set()
    for option in _options(field, schema):
        found |= set(option.get("required", ()))
        if not option.get("properties"):
            for inner in _inner(option):
                found |= _required(inner, schema)
    return found


def _has_names(field: Schema, schema: Schema) -> bool:
    options = _options(field, schema)
    return any(_inner(o) and not o.get("properties") for o in options)


def _one(field: Schema, schema: Schema) -> Schema:
    """Return the schema of one entry of a mapping or list."""
    options = _options(field, schema)
    return next(inner for option in options for inner in _inner(option))


def _type(field: Schema, schema: Schema) -> str:
    return " or ".join(
        dict.fromkeys(_one_type(o, schema) for o in _options(field, schema))
    )


def _one_type(option: Schema, schema: Schema) -> str:
    if "enum" in option or "const" in option:
        return " or ".join(map(str, option.get("enum") or [option["const"]]))
    kind = option.get("type", "anything")
    names = {"integer": "whole number", "boolean": "true or false", "string": "text"}
    if kind in ("array", "object") and not option.get("properties"):
        inner = _inner(option)
        of = _type(inner[0], schema) if inner else "anything"
        return f"{'list of' if kind == 'array' else 'mapping of names to'} {of}"
    return names.get(kind, "mapping" if kind == "object" else str(kind))


def _limits(field: Schema, schema: Schema) -> Iterator[str]:
    for option in _options(field, schema):
        for key, words in _LIMITS.items():
            if key in option:
                yield words.format(option[key])


def _plain(value: Any) -> str:
    """Return ``value`` in the form in which it is written in YAML."""
    if isinstance(value, str) and tag_of(value) == "str":
        return value
    return json.dumps(value, ensure_ascii=False)
