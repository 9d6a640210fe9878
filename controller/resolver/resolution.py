"""What a resolver answers, and what a name server says."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TypeAlias


class Source(StrEnum):
    """Where addresses come from; completes "they are ..."."""

    LITERAL = "literal"
    DNS = "dns"
    FRESH = "fresh"
    STALE = "stale"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The addresses of a host, and how much they are worth.

    Attributes:
        host: The name.
        addresses: Where to connect, best first; never empty.
        source: ``dns`` if asked just now, ``fresh`` if within their time to live,
            ``stale`` if DNS fails and they were good before, ``fallback`` if only
            the configuration knows them.
        age: Seconds since DNS gave them; None if that was in another process.
        ttl: Seconds for which they were good when DNS gave them.
        problem: Why DNS did not answer, if it did not.
    """

    host: str
    addresses: tuple[str, ...]
    source: Source
    age: float | None = 0.0
    ttl: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The name server knows these addresses, for ``ttl`` seconds."""

    addresses: tuple[str, ...]
    ttl: float


@dataclass(frozen=True, slots=True)
class Missing:
    """The name server says that there is no such name, or no address for it."""

    why: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No name server gave an answer that means anything."""

    why: str


Failure: TypeAlias = Missing | NoAnswer
Answer: TypeAlias = Found | Failure


def literal(host: str) -> tuple[str, ...]:
    """Return the addresses of what needs no DNS: itself, or this machine's own."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return (str(ip_address(bare)),)
    except ValueError:
        # RFC 6761: these never leave the machine.
        local = bare == "localhost" or bare.endswith(".localhost")
        return ("127.0.0.1",) if local else ()
