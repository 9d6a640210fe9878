"""Types and rules of document fields.

Each rule serves pydantic, which validates, and the JSON Schema, which helps in editors;
and it carries the message for a violation. Values are not converted implicitly: text is
not a number.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, NoReturn

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictBool,
    StrictInt,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema, WithJsonSchema
from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticCustomError,
    core_schema,
)

INT32 = 2**31 - 1

# A template for any message: pydantic would interpret braces in the message itself.
PLAIN = "{problem}"
RULE = "rule"


class Section(BaseModel):
    """Base class of parts of the document: immutable, unknown fields forbidden."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def reject(problem: str, hint: str = "", field: str = "") -> NoReturn:
    """Raise a validation error.

    Args:
        problem: Predicate that follows the path: "must be a date".
        hint: Correct form.
        field: Invalid field, below the one that is validated.
    """
    context = {"problem": problem, "hint": hint, "field": field}
    raise PydanticCustomError(RULE, PLAIN, context)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One of several problems of a section.

    Attributes:
        path: Path below the section.
        problem: Predicate that follows the path: "must be a date".
        hint: Correct form.
    """

    path: tuple[str | int, ...]
    problem: str
    hint: str = ""


def reject_all(mistakes: Iterable[Mistake]) -> None:
    """Raise one error for all ``mistakes``, if there are any."""
    lines = [
        InitErrorDetails(
            type=PydanticCustomError(
                RULE,
                PLAIN,
                {"problem": found.problem, "hint": found.hint, "field": found.path},
            ),
            loc=(),
            input=None,
        )
        for found in mistakes
    ]
    if lines:
        title = "mistakes"
        raise ValidationError.from_exception_data(title, lines)


@dataclass(frozen=True, slots=True)
class Text:
    """A rule for text.

    Attributes:
        pattern: Regular expression for the whole text, without anchors.
        rule: The same in words; follows "must be".
        longest: Largest number of characters.
    """

    pattern: str
    rule: str
    longest: int = 255

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return pydantic's own check, followed by this one."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the same rule in the words of JSON Schema."""
        return handler(core) | {
            "pattern": f"^(?:{self.pattern})$",
            "maxLength": self.longest,
        }

    def check(self, value: str) -> str:
        """Return ``value`` if it obeys the rule."""
        if len(value) > self.longest:
            reject(f"has {len(value)} characters; the maximum is {self.longest}")
        if not re.fullmatch(self.pattern, value):
            reject(f"must be {self.rule}")
        return value


class Derived:
    """Marker of a field that is derived from the platform and never written."""


class SetElsewhere:
    """Marker of a field whose schema is defined elsewhere, such as in the AWS API."""

    __slots__ = ()

    def fields(self, path: tuple[str | int, ...]) -> tuple[str, ...]:
        """Return the names that may be written at ``path`` below the field."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Span:
    """A rule for durations in whole seconds: ``90``, ``"90s"``, ``"5m"``, ``"1h"`` or ``"14d"``.

    Attributes:
        least: Shortest duration, in seconds.
        most: Longest duration, in seconds.
    """

    least: int
    most: int

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return this check; its result is a number of seconds."""
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(
        self, _core: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the same rule in the words of JSON Schema."""
        number = {"type": "integer", "minimum": self.least, "maximum": self.most}
        text = {"type": "string", "pattern": "^[0-9]{1,6}(s|m|h|d)$"}
        return {"anyOf": [number, text]}

    def check(self, value: Any) -> int:
        """Return ``value`` in seconds if it obeys the rule."""
        if isinstance(value, str):
            found = re.fullmatch(r"([0-9]{1,6})(s|m|h|d)", value)
            if not found:
                reject("is not a duration", "write 60s, 5m or 1h")
            value = int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[found[2]]
        if isinstance(value, bool) or not isinstance(value, int):
            reject("is not a duration", "write 60s, 5m or 1h")
        if not self.least <= value <= self.most:
            reject(f"must be {self.least} to {self.most} seconds, not {value}")
        return value


def _exact(value: Any) -> Any:
    """Return a number that a 64-bit float holds without loss."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        reject("must be a number")
    if isinstance(value, int) and abs(value) > 2**53:
        reject("has more digits than a number can hold exactly")
    if not math.isfinite(value):
        reject("must be a finite number")
    return float(value)


def reject_bool(value: Any) -> Any:
    """Return ``value`` unless it is a boolean, which Python treats as 1 or 0."""
    if isinstance(value, bool):
        reject("must be a whole number; YAML reads this value as true or false")
    return value


def _instant(value: Any) -> Any:
    """Return a time in UTC for a date, or for a date with a time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            hint = "write 2026-01-31 or 2026-01-31T12:00:00Z"
            reject("is not a date", hint)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def _as_schema(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema(schema, mode="validation")


def required(*fields: str) -> dict[str, Any]:
    """Return the JSON Schema of an object that has a value in each of ``fields``.

    Null is no value: it removes a field in an overlay.
    """
    values = {field: {"not": {"type": "null"}} for field in fields}
    return {"required": list(fields), "properties": values}


def one_of(*fields: str) -> Callable[[dict[str, Any]], None]:
    """Return an extension of the JSON Schema: exactly one of ``fields`` is required."""

    def extend(schema: dict[str, Any]) -> None:
        schema["oneOf"] = [required(field) for field in fields]

    return extend


def any_of(*fields: str) -> Callable[[dict[str, Any]], None]:
    """Return an extension of the JSON Schema: some of ``fields`` are required."""

    def extend(schema: dict[str, Any]) -> None:
        schema["anyOf"] = [required(field) for field in fields]

    return extend


def fields_set(model: BaseModel, *fields: str) -> list[str]:
    """Return those of ``fields`` that have a value."""
    return [field for field in fields if getattr(model, field) is not None]


Flag = StrictBool
Whole = StrictInt
Port = Annotated[StrictInt, Field(ge=1, le=65535)]
Number = Annotated[float, BeforeValidator(_exact), _as_schema(type="number")]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    _as_schema(
        type="string",
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?$",
    ),
]
FromPlatform = Annotated[SkipJsonSchema[str], Derived()]

Line = Annotated[
    str, Text(r"\S(?:.*\S)?", "one line of text, without spaces at its ends")
]
Description = Annotated[str, Text(r"[\s\S]*", "text", longest=100_000)]
KEY = Text(
    "[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?",
    "lower-case letters, digits, - and _, with a letter or digit at both ends",
    longest=63,
)
Key = Annotated[str, KEY]
TagKey = Annotated[
    str,
    Text(r"[A-Za-z0-9_.:/ -]+", "letters, digits, _ . : / - and spaces", longest=250),
]
TagValue = Annotated[str, Text(r"[\s\S]*", "text", longest=100_000)]
Tags = dict[TagKey, TagValue]
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
Host = Annotated[
    str,
    Text(
        rf"{_LABEL}(?:\.{_LABEL})*\.?",
        "a host name or an IPv4 address, without scheme, port or path",
        longest=253,
    ),
]
EnvironmentName = Annotated[
    str,
    Text(
        "[A-Za-z_][A-Za-z0-9_]*",
        "the name of an environment variable: letters, digits and _, no digit first",
    ),
]
