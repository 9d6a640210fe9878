"""Conversion of answers and errors of AWS into facts."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from controller.core.errors import DriverError, NotFoundError, TransientError
from controller.core.resources.observation import Absent, Present
from controller.kinds.service.preflight.facts import Fact, Unreadable

KeyT = TypeVar("KeyT", bound=Hashable)


def fact_of(read: Callable[[], Any]) -> Fact:
    """Return the fact about the one thing that ``read`` reads."""
    try:
        return Present(read())
    except NotFoundError:
        return Absent()
    except DriverError as error:
        return unreadable(error)


def facts_of(
    keys: Iterable[KeyT], read: Callable[[], Mapping[KeyT, Any]]
) -> dict[KeyT, Fact]:
    """Return the facts about several things; a key that ``read`` omits is absent."""
    try:
        found = read()
    except NotFoundError:
        found = {}
    except DriverError as error:
        return dict.fromkeys(keys, unreadable(error))
    return {key: Present(found[key]) if key in found else Absent() for key in keys}


def unreadable(error: DriverError) -> Unreadable:
    """Return the fact that a read failed; a transient error may pass."""
    return Unreadable(f"{str(error).rstrip('.')}.", isinstance(error, TransientError))
