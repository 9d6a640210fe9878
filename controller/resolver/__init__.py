"""Name resolution with a cache that outlives DNS failures.

For other Python programs::

    from controller.clients.clock import SystemClock
    from controller.resolver import AddressFile, Resolver
    from controller.resolver.httpx_transport import ResolverTransport

    clock = SystemClock()
    resolver = Resolver(AddressFile("addresses.json", clock), clock)
    client = httpx.Client(transport=ResolverTransport(resolver))

``controller.resolver.aio`` has the resolver for aiohttp, and
``controller.resolver.requests_adapter`` the adapter for requests. A process that runs
for long starts a ``Keeper``, so that the names in use never expire.
"""

from controller.core.dns.answers import Resolution, Source
from controller.core.dns.health import NameHealth
from controller.resolver.address_file import AddressFile
from controller.resolver.keeper import Keeper
from controller.resolver.pin_board import PinBoard
from controller.resolver.resolver import Resolver

__all__ = [
    "AddressFile",
    "Keeper",
    "NameHealth",
    "PinBoard",
    "Resolution",
    "Resolver",
    "Source",
]
