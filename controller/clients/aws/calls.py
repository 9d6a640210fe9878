"""A call to AWS as the kinds see it, and what can be said of calls in general."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import PermanentError

_READS = (
    "Describe",
    "List",
    "Get",
    "BatchGet",
    "Discover",
    "Filter",
    "Lookup",
    "Head",
    "Simulate",
)
# Most services answer with the name they ask for; load balancing does not.
_TOKENS = {
    "nextToken": "nextToken",
    "NextToken": "NextToken",
    "NextMarker": "Marker",
    "Marker": "Marker",
    "PaginationToken": "PaginationToken",
}


def is_write(operation: str) -> bool:
    """Whether ``operation`` may change something; unfamiliar ones count as writes."""
    return not operation.startswith(_READS)


def paginated(
    aws: Aws, service: str, operation: str, result_key: str, /, **parameters: Any
) -> Iterator[Any]:
    """Yield the items under ``result_key`` of every page."""
    seen: set[str] = set()
    while True:
        page = aws.call(service, operation, **parameters)
        yield from page.get(result_key, ())
        following = next(
            ((ask, page[tell]) for tell, ask in _TOKENS.items() if page.get(tell)),
            None,
        )
        if following is None:
            return
        name, token = following
        if token in seen:
            msg = f"{service}:{operation} repeats itself: the same page token twice"
            raise PermanentError(msg)
        seen.add(token)
        parameters[name] = token


class CountingAws:
    """Passes calls on and counts them, those that fail too."""

    def __init__(self, inner: Aws) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._writes: Counter[str] = Counter()

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return what the inner client answers; see ``Aws``."""
        name = f"{service}:{operation}"
        with self._lock:
            self._counts[name] += 1
            if is_write(operation):
                self._writes[name] += 1
        return self._inner.call(service, operation, **parameters)

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each ``service:Operation`` was called, as of now."""
        with self._lock:
            return MappingProxyType(dict(self._counts))

    @property
    def writes(self) -> Mapping[str, int]:
        """The part of ``counts`` that may have changed something."""
        with self._lock:
            return MappingProxyType(dict(self._writes))
