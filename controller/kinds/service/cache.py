"""Caches of pure functions: by identity of the argument, and by content."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")

# Maximum number of results; more than any document declares.
_MOST = 2048


class Memo(Generic[ArgumentT, ResultT]):
    """A pure function of an immutable object, computed once for each object.

    The key is the identity of the object, because specs contain mappings and have no
    hash. Results must not be changed. The oldest result is dropped first.
    """

    def __init__(self, function: Callable[[ArgumentT], ResultT]) -> None:
        self._function = function
        self._results: dict[int, tuple[Any, ResultT]] = {}

    def __call__(self, argument: ArgumentT) -> ResultT:
        """Return the result for ``argument``."""
        known = self._results.get(id(argument))
        if known is not None and known[0] is argument:
            return known[1]
        result = self._function(argument)
        if len(self._results) >= _MOST:
            self._results.pop(next(iter(self._results), 0), None)
        # A reference to the argument keeps Python from reusing its identity.
        self._results[id(argument)] = (argument, result)
        return result


@dataclass(frozen=True, slots=True)
class _Content:
    """Plain data, equal to other data with the same representation."""

    representation: str
    plain: Mapping[str, Any] = field(compare=False)


def cached_by_content(
    function: Callable[[Mapping[str, Any]], ResultT],
) -> Callable[[Mapping[str, Any]], ResultT]:
    """Return ``function`` of plain data, computed once for each content.

    Two equal responses of AWS are different objects, so identity does not serve here.
    Results must not be changed. The least recently used result is dropped first.
    """

    @lru_cache(_MOST)
    def cached(content: _Content) -> ResultT:
        return function(content.plain)

    return lambda plain: cached(_Content(repr(plain), plain))
