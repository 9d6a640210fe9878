"""Store of the last known good addresses of a host."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptAddresses:
    """Last good addresses of a host.

    Attributes:
        addresses: Addresses, sorted.
        at: Time at which they were last known to be valid.
    """

    addresses: tuple[str, ...]
    at: datetime


class Fallbacks(Protocol):
    """Keeps the last good addresses of each host across restarts."""

    def last_good(self, host: str) -> KeptAddresses | None:
        """Return the addresses kept for ``host``; None if none were kept."""
        ...

    def keep(self, host: str, addresses: Sequence[str]) -> None:
        """Remember ``addresses`` as the last good ones. Safe to repeat."""
        ...

    def confirm(self, host: str, addresses: Sequence[str]) -> None:
        """Record that ``addresses`` are still valid, if they are the kept ones."""
        ...
