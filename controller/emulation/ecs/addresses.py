"""Addresses for tasks.

A task that is replaced comes back with another address; whoever cached the old
one must be found out. So addresses go round the whole network before one of
them is used again.
"""

from ipaddress import IPv4Network
from typing import Protocol

# AWS keeps the first four addresses and the last of every subnet.
RESERVED_FIRST = 4
RESERVED_LAST = 1


class Addresses(Protocol):
    """Where tasks get an address of their own."""

    def allocate(self, subnet_cidr: str | None) -> str:
        """Return an address nobody has; raises LookupError when all are taken."""
        ...

    def release(self, address: str) -> None:
        """Give an address back; it comes up again only after all others."""
        ...


class AddressPool:
    """Addresses out of one network, whatever the subnet."""

    def __init__(self, network: str) -> None:
        self._network = IPv4Network(network)
        self._next = RESERVED_FIRST
        self._taken: set[str] = set()

    def allocate(self, subnet_cidr: str | None = None) -> str:
        """Return the next address in the round."""
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
        """Give an address back."""
        self._taken.discard(address)


class SubnetAddresses:
    """Addresses inside the subnet a task was placed in, as in a VPC."""

    def __init__(self, fallback: str = "10.0.0.0/16") -> None:
        self._fallback = fallback
        self._pools: dict[str, AddressPool] = {}

    def allocate(self, subnet_cidr: str | None) -> str:
        """Return an address of the subnet, or of the fallback if it is unknown."""
        cidr = subnet_cidr or self._fallback
        pool = self._pools.setdefault(cidr, AddressPool(cidr))
        return pool.allocate()

    def release(self, address: str) -> None:
        """Give an address back."""
        for pool in self._pools.values():
            pool.release(address)
