"""Addresses that deliveries may be sent to.

A URL in the document is a request that the controller makes from inside the network:
without this check, a name that resolves to an internal address reaches services that
trust the network (server-side request forgery).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from controller.core.values.metadata_networks import (
    METADATA_NETWORKS,
    is_metadata_address,
    unmapped,
)

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


LOOPBACK_NETWORKS = _networks("127.0.0.0/8", "::1/128")
# RFC 1918, RFC 6598 and RFC 4193: the address space of private networks.
PRIVATE_NETWORKS = _networks(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"
)
# These contain an IPv4 address that another machine would connect to: 6to4, NAT64,
# Teredo and IPv4-translated (RFC 3056, RFC 6052, RFC 8215, RFC 4380, RFC 2765).
_TRANSLATED = _networks(
    "2002::/16", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "::ffff:0:0:0/96"
)
# IANA's special-purpose registries. `is_global` differs between patch releases of
# Python: https://docs.python.org/3/library/ipaddress.html#ipaddress.IPv4Address.is_global
_SPECIAL = _networks(
    "0.0.0.0/8",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fec0::/10",
    "ff00::/8",
)


# Those of HTTPS: a request to another port could speak to a mail server or a database.
HTTPS_PORTS = frozenset({443, 8443})


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Addresses that deliveries to one target may be sent to.

    Attributes:
        networks: Declared internal networks; each port of them is permitted.
        allows_public: True to permit public addresses too.
        ports: Permitted ports of public addresses.
    """

    networks: tuple[Network, ...] = ()
    allows_public: bool = True
    ports: frozenset[int] = HTTPS_PORTS

    def denial_reason(self, text: str, port: int = 443) -> str:
        """Return the reason that nothing may be sent to an address; empty to permit it.

        Args:
            text: IP address, with or without a zone.
            port: Port to connect to.
        """
        try:
            address = unmapped(ip_address(text.partition("%")[0]))
        except ValueError:
            return f"{text} is not an IP address"
        if kind := _kind_never_permitted(address):
            return f"{text} is {kind}"
        if _is_in(address, self.networks):
            return ""
        if kind := _kind_internal(address):
            return f"{text} is {kind}"
        return self._public_denial(text, port)

    def _public_denial(self, text: str, port: int) -> str:
        if not self.allows_public:
            return f"{text} is a public address"
        if port in self.ports:
            return ""
        return f"port {port} of {text} is not permitted: declare it in allow_ports"

    def internal_only(self) -> "AddressPolicy":
        """Return the policy without public addresses."""
        return replace(self, allows_public=False)


PUBLIC_ADDRESSES = AddressPolicy()


def declared_addresses(
    networks: Iterable[str], environment: str, ports: Iterable[int] = ()
) -> AddressPolicy:
    """Return the policy of a target with declared ``networks`` and ``ports``.

    In the environment ``local`` it permits the local machine too.
    """
    loopback = LOOPBACK_NETWORKS if environment == "local" else ()
    declared = (*_networks(*networks), *loopback)
    return AddressPolicy(declared, ports=HTTPS_PORTS.union(ports))


def is_internal_network(network: Network) -> bool:
    """Return True if ``network`` is part of a private or a loopback network."""
    return any(
        network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
        for other in (*PRIVATE_NETWORKS, *LOOPBACK_NETWORKS)
    ) and not any(network.overlaps(other) for other in METADATA_NETWORKS)


def _kind_never_permitted(address: Address) -> str:
    if is_metadata_address(address):
        return "a link-local or metadata address, which is never permitted"
    if _is_in(address, _TRANSLATED):
        return "an IPv6 address that contains an IPv4 address, which is never permitted"
    return ""


def _kind_internal(address: Address) -> str:
    if address.is_loopback:
        return "a loopback address"
    if _is_in(address, PRIVATE_NETWORKS):
        return "a private address"
    is_public = address.is_global and not address.is_multicast
    if address.is_reserved or not is_public or _is_in(address, _SPECIAL):
        return "not a public address"
    return ""


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
