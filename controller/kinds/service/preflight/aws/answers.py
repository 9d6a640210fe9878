"""From an answer, or the error in its place, to what was seen."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from controller.core.errors import DriverError, NotFoundError, TransientError
from controller.core.resources.observation import Absent, Present
from controller.kinds.service.preflight.facts import Seen, Unreadable

KeyT = TypeVar("KeyT", bound=Hashable)


def seen_one(look: Callable[[], Any]) -> Seen:
    """Return what ``look`` finds of one thing."""
    try:
        return Present(look())
    except NotFoundError:
        return Absent()
    except DriverError as error:
        return hidden(error)


def seen_all(
    keys: Iterable[KeyT], look: Callable[[], Mapping[KeyT, Any]]
) -> dict[KeyT, Seen]:
    """Return what one ``look`` finds of several things; what it leaves out is gone."""
    try:
        found = look()
    except NotFoundError:
        found = {}
    except DriverError as error:
        return dict.fromkeys(keys, hidden(error))
    return {key: Present(found[key]) if key in found else Absent() for key in keys}


def hidden(error: DriverError) -> Unreadable:
    """Return that nobody could look, and whether that passes by itself."""
    return Unreadable(f"{str(error).rstrip('.')}.", isinstance(error, TransientError))
