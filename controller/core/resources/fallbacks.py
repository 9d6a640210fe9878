"""Store of the last known good addresses of a host."""

from collections.abc import Sequence
from typing import Protocol


class Fallbacks(Protocol):
    """Keeps the last good addresses of each host across restarts."""

    def last_good(self, host: str) -> tuple[str, ...]:
        """Return the addresses kept for ``host``; none if none were kept."""
        ...

    def keep(self, host: str, addresses: Sequence[str]) -> None:
        """Remember ``addresses`` as the last good ones. Safe to repeat."""
        ...
