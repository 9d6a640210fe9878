"""IP addresses for tasks.

A replaced task gets another address, as on AWS, so that a client with a stale address
fails. An address is reused only after all others of the network were used.
"""

from ipaddress import IPv4Network
from typing import Protocol

# AWS reserves the first four addresses and the last one of every subnet.
RESERVED_FIRST = 4
RESERVED_LAST = 1


class Addresses(Protocol):
    """Source of task addresses."""

    def allocate(self, subnet_cidr: str | None) -> str:
        """Return an unused address; raises LookupError if none is left."""
        ...

    def release(self, address: str) -> None:
        """Return an address to the pool; it is reused last."""
        ...


class AddressPool:
    """Addresses of one network, for tasks of every subnet."""

    def __init__(self, network: str) -> None:
        self._network = IPv4Network(network)
        self._next = RESERVED_FIRST
        self._taken: set[str] = set()

    def allocate(self, subnet_cidr: str | None = None) -> str:
        """Return the next unused address, in rotation."""
        del subnet_cidr
        usable = self._network.num_addresses - RESERVED_FIRST - RESERVED_LAST
        for _ in range(usable):
            address = str(self._network[self._next])
            self._next += 1
            if self._next >= self._network.num_addresses - RESERVED_LAST:
                self._next = RESERVED_FIRST
            if address not in self._taken:
                self._taken.add(address)
                return address
        msg = f"no free address is left in {self._network}"
        raise LookupError(msg)

    def release(self, address: str) -> None:
        """Return an address to the pool."""
        self._taken.discard(address)


class SubnetAddresses:
    """Addresses of the subnet that a task is placed in, as in a VPC."""

    def __init__(self, fallback: str = "10.0.0.0/16") -> None:
        self._fallback = fallback
        self._pools: dict[str, AddressPool] = {}

    def allocate(self, subnet_cidr: str | None) -> str:
        """Return an address of the subnet, or of the fallback network if None."""
        cidr = subnet_cidr or self._fallback
        pool = self._pools.setdefault(cidr, AddressPool(cidr))
        return pool.allocate()

    def release(self, address: str) -> None:
        """Return an address to the pool."""
        for pool in self._pools.values():
            pool.release(address)
