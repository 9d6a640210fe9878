"""Answers of name servers, and results of name resolution."""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TypeAlias


class Source(StrEnum):
    """Origin of addresses, in the order of preference."""

    LITERAL = "literal"
    PIN = "pin"
    FRESH = "fresh"
    REFRESHING = "refreshing"
    DNS = "dns"
    STALE = "stale"
    FALLBACK = "fallback"


class FailureKind(StrEnum):
    """Reason that a query returned no address."""

    NXDOMAIN = "nxdomain"
    NO_DATA = "nodata"
    SERVER_FAILURE = "servfail"
    TIMEOUT = "timeout"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Addresses of a host with their origin and age.

    Attributes:
        host: Name of the host.
        addresses: Addresses to connect to, best first; never empty.
        source: ``pin`` if an override is in force, ``dns`` if queried for this call,
            ``fresh`` if cached and within the TTL, ``refreshing`` if the TTL has ended
            and a query is under way, ``stale`` if DNS fails and they were valid before,
            ``fallback`` if they come from the configuration.
        age: Seconds since the DNS query; None if this process did not make it.
        ttl: TTL of the answer in seconds.
        problem: Reason that DNS did not answer; empty if it did.
        failures: Number of consecutive failed queries.
    """

    host: str
    addresses: tuple[str, ...]
    source: Source
    age: float | None = 0.0
    ttl: float = 0.0
    problem: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Addresses of a name, valid for ``ttl`` seconds."""

    addresses: tuple[str, ...]
    ttl: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Query without an address.

    Attributes:
        kind: Reason of the failure.
        reason: Description for people.
        ttl: Seconds for which the answer may be cached, if a server gave one.
    """

    kind: FailureKind
    reason: str
    ttl: float | None = None

    @property
    def is_missing(self) -> bool:
        """True if a server answered that the name has no address."""
        return self.kind in {FailureKind.NXDOMAIN, FailureKind.NO_DATA}


Answer: TypeAlias = Found | Failure


def split_port(text: str) -> tuple[str, int | None]:
    """Return the host and the port of ``host``, ``host:port`` or ``[address]:port``.

    An IPv6 address without brackets has no port.

    Raises:
        ValueError: The port is no number from 1 to 65535, or the host is empty.
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
        if not bracket or (rest and not rest.startswith(":")):
            msg = f"{text!r} is not [address] or [address]:port"
            raise ValueError(msg)
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        rest = f":{port}"
    else:
        host, port, rest = text, "", ""
    if not host:
        msg = f"{text!r} has no host"
        raise ValueError(msg)
    if not rest:
        return host, None
    if not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 2**16):
        msg = f"the port of {text!r} is not a number from 1 to 65535"
        raise ValueError(msg)
    return host, int(port)


def canonical_host(host: str) -> str:
    """Return ``host`` in lower case, without a port, brackets and the final dot."""
    if ":" in host:
        with suppress(ValueError):
            host, _ = split_port(host)
    return host.strip("[]").rstrip(".").lower()


def literal_addresses(host: str) -> tuple[str, ...]:
    """Return the address of a ``host`` that needs no DNS, or an empty tuple.

    That is an IP address itself, and the loopback address for ``localhost``.
    """
    bare = canonical_host(host)
    try:
        return (str(ip_address(bare)),)
    except ValueError:
        # RFC 6761: these names always resolve to the loopback address.
        local = bare == "localhost" or bare.endswith(".localhost")
        return ("127.0.0.1",) if local else ()
