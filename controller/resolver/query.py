"""DNS queries with a deadline."""

import socket
from collections.abc import Callable
from typing import TypeAlias

from controller.resolver.resolution import Answer, Found, Missing, NoAnswer

Query: TypeAlias = Callable[[str], Answer]

# getaddrinfo returns no TTL.
_DEFAULT_TTL = 30.0


def dns_query(nameserver: tuple[str, int] | None, timeout: float) -> Query:
    """Return a query to ``nameserver``, or to the machine's name servers if None.

    With None, a name that DNS does not know is resolved by the operating system, which
    also reads ``/etc/hosts``.
    """
    if nameserver is not None:
        return lambda host: _dns(host, nameserver, timeout)

    def query(host: str) -> Answer:
        answer = _dns(host, None, timeout)
        return answer if isinstance(answer, Found) else _system(host, answer)

    return query


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


def _system(host: str, default: Answer) -> Answer:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return default
    addresses = tuple(dict.fromkeys(str(address[0]) for *_, address in found))
    return Found(addresses, _DEFAULT_TTL)


def _reason(error: Exception) -> str:
    """Return the response codes of the servers, as in ``SERVFAIL, REFUSED``."""
    codes = [str(e[3]) for e in getattr(error, "kwargs", {}).get("errors", ())]
    return ", ".join(dict.fromkeys(codes)) or "they all failed"
