"""Address of a client behind trusted proxies.

Each proxy appends the address that it was connected from to ``X-Forwarded-For``, so the
right-most address that is not one of a trusted proxy is the client. What stands to the
left of it was written by the client itself and is worth nothing.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network
_HEADER = b"x-forwarded-for"
# Providers assign at least such a network to one customer (RFC 6177).
_CUSTOMER_PREFIX = 64
_UNKNOWN = "unknown"
# A load balancer may append the port: 10.0.0.1:443 or [2001:db8::1]:443.
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def client_address(
    peer: str | None,
    headers: Iterable[tuple[bytes, bytes]],
    trusted: Sequence[IpNetwork],
) -> str:
    """Return the address of the client, or for IPv6 its network of 64 bits.

    Args:
        peer: Address that the connection comes from; None if there is none.
        headers: Names in lower case, with their values, as received.
        trusted: Networks of the proxies whose ``X-Forwarded-For`` is believed.
    """
    address = _parsed(peer or "")
    if address is None:
        return _UNKNOWN
    for hop in reversed(_hops(headers)):
        if not _is_in(address, trusted):
            break
        before = _parsed(hop)
        if before is None:
            break
        address = before
    return _customer(address)


def networks(text: str) -> tuple[IpNetwork, ...]:
    """Return the networks that ``text`` lists, separated by commas.

    Raises:
        ValueError: A part is no network.
    """
    try:
        return tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        msg = "is not a network in CIDR notation, or several separated by commas"
        raise ValueError(msg) from None


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Return the addresses of all fields; their order is that of the proxies."""
    lines = [value.decode("latin-1") for name, value in headers if name == _HEADER]
    return [hop.strip() for line in lines for hop in line.split(",")]


def _parsed(text: str) -> IpAddress | None:
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_in(address: IpAddress, found: Sequence[IpNetwork]) -> bool:
    return any(address in network for network in found)


def _customer(address: IpAddress) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    network = ip_network((address, _CUSTOMER_PREFIX), strict=False)
    return str(network)
