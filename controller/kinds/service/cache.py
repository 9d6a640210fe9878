"""Results that are kept for as long as what they were made from is in use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")

# More than anybody declares; a pass asks for each several times.
_MOST = 2048


class Memo(Generic[ArgumentT, ResultT]):
    """A pure function of an immutable object, computed once for each object.

    It goes by identity, because specs hold mappings and have no hash. Nobody may
    change a result. The oldest is forgotten first.
    """

    def __init__(self, function: Callable[[ArgumentT], ResultT]) -> None:
        self._function = function
        self._kept: dict[int, tuple[Any, ResultT]] = {}

    def __call__(self, argument: ArgumentT) -> ResultT:
        """Return the result for ``argument``."""
        kept = self._kept.get(id(argument))
        if kept is not None and kept[0] is argument:
            return kept[1]
        result = self._function(argument)
        if len(self._kept) >= _MOST:
            self._kept.pop(next(iter(self._kept), 0), None)
        # The argument is kept as well: its identity must not become another's.
        self._kept[id(argument)] = (argument, result)
        return result


@dataclass(frozen=True, slots=True)
class _Content:
    """Plain data that is the same as what reads the same."""

    reads: str
    plain: Mapping[str, Any] = field(compare=False)


def by_content(
    function: Callable[[Mapping[str, Any]], ResultT],
) -> Callable[[Mapping[str, Any]], ResultT]:
    """Return ``function`` of plain data, computed once for each content.

    An answer that is the same as the last one is another object all the same. Nobody
    may change a result. What was asked for longest ago is forgotten first.
    """

    @lru_cache(_MOST)
    def kept(content: _Content) -> ResultT:
        return function(content.plain)

    return lambda plain: kept(_Content(repr(plain), plain))
