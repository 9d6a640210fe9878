"""One question to a name server, bounded in time."""

import socket
from collections.abc import Callable
from typing import TypeAlias

from controller.resolver.resolution import Answer, Found, Missing, NoAnswer

Query: TypeAlias = Callable[[str], Answer]

# getaddrinfo does not tell how long its answer is good.
_UNKNOWN_TTL = 30.0


def asking(nameserver: tuple[str, int] | None, timeout: float) -> Query:
    """Return a question to ``nameserver``, or to the machine's own if None.

    Without a name server of our own, names that DNS does not know are looked up
    as the machine does it, ``/etc/hosts`` included.
    """
    if nameserver is not None:
        return lambda host: _dns(host, nameserver, timeout)

    def ask(host: str) -> Answer:
        answer = _dns(host, None, timeout)
        return answer if isinstance(answer, Found) else _by_machine(host, answer)

    return ask


def _dns(host: str, nameserver: tuple[str, int] | None, timeout: float) -> Answer:
    import dns.exception
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver(configure=nameserver is None)
        if nameserver is not None:
            resolver.nameservers, resolver.port = [nameserver[0]], nameserver[1]
        for kind in ("A", "AAAA"):
            answer = resolver.resolve(
                host, kind, lifetime=timeout, search=False, raise_on_no_answer=False
            )
            if answer.rrset is not None:
                ttl = answer.chaining_result.minimum_ttl
                return Found(tuple(record.address for record in answer), ttl)
    except dns.resolver.NXDOMAIN:
        return Missing(f"{host} does not exist")
    except dns.exception.Timeout:
        return NoAnswer(f"no name server answered within {timeout:g} s")
    except dns.resolver.NoNameservers as error:
        return NoAnswer(f"no name server could answer: {_reason(error)}")
    except (dns.exception.DNSException, OSError) as error:
        return NoAnswer(f"{type(error).__name__}: {error}")
    return Missing(f"{host} has no address")


def _by_machine(host: str, otherwise: Answer) -> Answer:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return otherwise
    addresses = tuple(dict.fromkeys(str(address[0]) for *_, address in found))
    return Found(addresses, _UNKNOWN_TTL)


def _reason(error: Exception) -> str:
    """Return what the servers said: SERVFAIL, REFUSED, or nothing."""
    said = [str(e[3]) for e in getattr(error, "kwargs", {}).get("errors", ())]
    return ", ".join(dict.fromkeys(said)) or "they all failed"
