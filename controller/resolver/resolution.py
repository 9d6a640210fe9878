"""Results of name resolution, and answers of a name server."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TypeAlias


class Source(StrEnum):
    """Origin of addresses."""

    LITERAL = "literal"
    DNS = "dns"
    FRESH = "fresh"
    STALE = "stale"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Addresses of a host with their origin and age.

    Attributes:
        host: Name of the host.
        addresses: Addresses to connect to, best first; never empty.
        source: ``dns`` if queried now, ``fresh`` if cached and within the TTL,
            ``stale`` if DNS fails and they were valid before, ``fallback`` if they
            come from the configuration.
        age: Seconds since the DNS query; None if another process made it.
        ttl: TTL of the answer in seconds.
        problem: Reason that DNS did not answer; empty if it did.
    """

    host: str
    addresses: tuple[str, ...]
    source: Source
    age: float | None = 0.0
    ttl: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Addresses of a name, valid for ``ttl`` seconds."""

    addresses: tuple[str, ...]
    ttl: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Answer that the name does not exist or has no address."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Failure of all name servers to answer."""

    reason: str


Failure: TypeAlias = Missing | NoAnswer
Answer: TypeAlias = Found | Failure


def literal_addresses(host: str) -> tuple[str, ...]:
    """Return the address of a ``host`` that needs no DNS, or an empty tuple.

    That is an IP address itself, and the loopback address for ``localhost``.
    """
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return (str(ip_address(bare)),)
    except ValueError:
        # RFC 6761: these names always resolve to the loopback address.
        local = bare == "localhost" or bare.endswith(".localhost")
        return ("127.0.0.1",) if local else ()
