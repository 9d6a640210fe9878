"""Protocol of name resolution for the adapters of HTTP clients."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from controller.core.dns.answers import Resolution, Source


class Names(Protocol):
    """Part of ``Resolver`` and ``ConsumerResolver`` that HTTP clients use."""

    def resolve(self, host: str) -> Resolution:
        """Return the addresses of ``host``; raises ControllerError."""
        ...

    async def resolve_async(self, host: str) -> Resolution:
        """Do the same in an event loop."""
        ...

    def avoid(self, host: str, address: str) -> None:
        """Try ``address`` last for a while."""
        ...

    def moved(self, host: str, tried: Collection[str]) -> tuple[str, ...]:
        """Return addresses of ``host`` that were not tried."""
        ...

    def on_change(self, changed: Callable[[str, tuple[str, ...]], None]) -> None:
        """Call ``changed`` after DNS changed the addresses of a host."""
        ...


class FixedNames:
    """The same addresses for every host, as for a check of one of them."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = tuple(addresses)

    def resolve(self, host: str) -> Resolution:
        """Return the addresses."""
        return Resolution(host, self._addresses, Source.PIN, None)

    async def resolve_async(self, host: str) -> Resolution:
        """Return the addresses."""
        return self.resolve(host)

    def avoid(self, host: str, address: str) -> None:
        """Do nothing: the order is fixed."""

    def moved(self, host: str, tried: Collection[str]) -> tuple[str, ...]:  # noqa: ARG002 - a protocol
        """Return nothing: there are no others."""
        return ()

    def on_change(self, changed: Callable[[str, tuple[str, ...]], None]) -> None:
        """Do nothing: the addresses do not change."""
