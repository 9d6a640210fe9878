"""Reduction of an entry to the fields that do not follow from others or the platform.

No default is repeated here: a field is left out if the service renders the same without
it, by the rules that compare services later.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from controller.core.document.platform import Platform
from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied
from controller.kinds.service.normalize import canonical_service
from controller.kinds.service.render.complete import complete
from controller.kinds.service.render.fingerprint import declared_definition
from controller.kinds.service.render.service import creation
from controller.kinds.service.routes.health_checks import declared_health
from controller.kinds.service.spec.service import ServiceSpec

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]
# AWS fields are reduced first, in favor of the document's own fields.
_FIRST = ("task", "service")
_NOTHING_VALID = "no part of it is valid"


def spec_of(key: str, fields: Plain, platform: Platform) -> ServiceSpec:
    """Return the service that ``fields`` declare under ``key``; raises ValueError."""
    return complete(key, ServiceSpec.model_validate(fields), platform)


def valid(key: str, fields: Plain, platform: Platform) -> Plain:
    """Return ``fields`` without those that the document does not accept.

    Raises:
        ValueError: No part of the fields is valid.
    """
    left: Plain = copied(fields)
    for _ in range(len(list(_paths(left))) + 1):
        try:
            spec_of(key, left, platform)
        except ValidationError as error:
            found = error.errors()[0]
            _drop(left, found["loc"], found.get("ctx", {}))
        except PydanticCustomError as error:
            # The second stage of validation, in ``render.complete``.
            _drop(left, (), error.context or {})
        else:
            return left
    raise ValueError(_NOTHING_VALID)


def minimal(key: str, fields: Plain, platform: Platform) -> Plain:
    """Return the least of ``fields`` that declare the same service."""
    meaning = _meaning(spec_of(key, fields, platform))

    def same(left: Plain) -> bool:
        try:
            return bool(_meaning(spec_of(key, left, platform)) == meaning)
        except (ValueError, KeyError, TypeError):
            return False

    left: Plain = copied(fields)
    for name in (*_FIRST, *(n for n in fields if n not in _FIRST)):
        if name in left:
            left = _without(left, (name,), same)
    return left


def _meaning(spec: ServiceSpec) -> Any:
    """Return every value in which two services can differ."""
    created = canonical_service(creation(spec))
    other = spec.discovery, spec.log_group, spec.log_retention_days, spec.scaling
    return declared_definition(spec), created, other, _routing(spec)


def _routing(spec: ServiceSpec) -> Any:
    """Return every value that load balancers use; None without routes."""
    if not spec.routes:
        return None
    grace = spec.health.grace if spec.health else None
    return spec.routes, spec.target_protocol, declared_health(spec), grace


def _without(fields: Plain, path: Path, same: Callable[[Plain], bool]) -> Plain:
    """Return ``fields`` without ``path``, or without those parts that are redundant."""
    shorter = _cut(fields, path)
    if same(shorter):
        return shorter
    value = _at(fields, path)
    steps: list[Step] = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        steps = [*reversed(range(len(value)))]
    for step in steps:
        fields = _without(fields, (*path, step), same)
    return fields


def _cut(fields: Plain, path: Path) -> Plain:
    shorter: Plain = copied(fields)
    del _at(shorter, path[:-1])[path[-1]]
    return shorter


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _drop(fields: Plain, location: Path, context: Mapping[str, Any]) -> None:
    """Remove an invalid field from ``fields``, or the part that contains it.

    Args:
        fields: Fields of the entry; changed.
        location: Path of the part that was validated.
        context: Context of the error, which names a field below ``location``.

    Raises:
        ValueError: No field is left.
    """
    if not fields:
        raise ValueError(_NOTHING_VALID)
    named = context.get("field") or ()
    steps = named.split(".") if isinstance(named, str) else named
    place, step = _deepest(fields, (*location, *steps))
    del place[step]


def _deepest(fields: Plain, path: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return the container and key at ``path``, or of its longest existing part."""
    place: Any = fields
    last: tuple[Any, Any] = (fields, next(reversed(fields)))
    for step in path:
        index = int(step) if isinstance(place, list) and str(step).isdecimal() else step
        try:
            following = place[index]
        except (KeyError, IndexError, TypeError):
            break
        last, place = (place, index), following
    return last


def _paths(value: Any) -> Iterator[None]:
    yield None
    entries = value.values() if isinstance(value, dict) else value
    for entry in entries if isinstance(value, dict | list) else ():
        yield from _paths(entry)
