"""Calls to AWS: reads and writes, pagination, counting."""

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
# Page token of a response -> parameter of the next request. Most services use one name
# for both; Elastic Load Balancing does not.
_TOKENS = {
    "nextToken": "nextToken",
    "NextToken": "NextToken",
    "NextMarker": "Marker",
    "Marker": "Marker",
    "PaginationToken": "PaginationToken",
}


def is_write(operation: str) -> bool:
    """Return True unless ``operation`` is known to be a read."""
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
            (
                (parameter, page[field])
                for field, parameter in _TOKENS.items()
                if page.get(field)
            ),
            None,
        )
        if following is None:
            return
        name, token = following
        if token in seen:
            msg = f"{service}:{operation} returned the same page token twice"
            raise PermanentError(msg)
        seen.add(token)
        parameters[name] = token


class CountingAws:
    """Wrapper that counts all calls, including those that fail."""

    def __init__(self, inner: Aws) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._writes: Counter[str] = Counter()

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return the response of the inner client; see ``Aws``."""
        name = f"{service}:{operation}"
        with self._lock:
            self._counts[name] += 1
            if is_write(operation):
                self._writes[name] += 1
        return self._inner.call(service, operation, **parameters)

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of calls so far, by ``service:Operation``."""
        with self._lock:
            return MappingProxyType(dict(self._counts))

    @property
    def writes(self) -> Mapping[str, int]:
        """The part of ``counts`` that consists of writes."""
        with self._lock:
            return MappingProxyType(dict(self._writes))
