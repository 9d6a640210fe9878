"""DNS queries for the addresses of both families, with one deadline."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from controller.core.dns.answers import Answer, Failure, FailureKind, Found
from controller.core.dns.pins import hosts_file_pins

if TYPE_CHECKING:
    import dns.asyncresolver

Query: TypeAlias = Callable[[str], Answer]

# getaddrinfo and /etc/hosts have no TTL.
_DEFAULT_TTL = 30.0
# Seconds that the addresses of one family wait for the other (RFC 8305, section 3).
_RESOLUTION_DELAY = 0.05
_HOSTS = Path("/etc/hosts")


def dns_query(
    nameserver: tuple[str, int] | None, timeout: float, hosts: Path = _HOSTS
) -> Query:
    """Return a query to ``nameserver``, or to the machine's name servers if None.

    With None, the hosts file of the machine comes first, and a name that no server has
    an address for is resolved by the operating system, which knows search domains.
    """
    if nameserver is not None:
        return lambda host: _dns(host, nameserver, timeout)

    def query(host: str) -> Answer:
        if listed := _listed(host, hosts):
            return Found(listed, _DEFAULT_TTL)
        answer = _dns(host, None, timeout)
        # The operating system would wait for the same silent servers again.
        if isinstance(answer, Found) or answer.kind is FailureKind.TIMEOUT:
            return answer
        addresses = machine_addresses(host)
        return Found(addresses, _DEFAULT_TTL) if addresses else answer

    return query


def machine_addresses(host: str) -> tuple[str, ...]:
    """Return the addresses by the operating system's resolver; none if it fails."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def _listed(host: str, hosts: Path) -> tuple[str, ...]:
    """Return the addresses of ``host`` in a hosts file."""
    try:
        text = hosts.read_text(errors="replace")
    except OSError:
        return ()
    pins = hosts_file_pins(text, str(hosts), strict=False)
    return next((pin.addresses for pin in pins if pin.host == host), ())


def _dns(host: str, nameserver: tuple[str, int] | None, timeout: float) -> Answer:
    # A loop of its own: at the deadline, the query that has not ended is cancelled,
    # where a thread would go on.
    return asyncio.run(_both_families(host, nameserver, timeout))


async def _both_families(
    host: str, nameserver: tuple[str, int] | None, deadline: float
) -> Answer:
    import dns.asyncresolver
    import dns.exception

    try:
        resolver = dns.asyncresolver.Resolver(configure=nameserver is None)
    except (dns.exception.DNSException, OSError) as error:
        return Failure(FailureKind.ERROR, f"{type(error).__name__}: {error}")
    if nameserver is not None:
        resolver.nameservers, resolver.port = [nameserver[0]], nameserver[1]
    families = [
        asyncio.ensure_future(_family(resolver, host, kind, deadline))
        for kind in ("A", "AAAA")
    ]
    try:
        first, rest = await asyncio.wait(families, return_when=asyncio.FIRST_COMPLETED)
        is_found = any(isinstance(one.result(), Found) for one in first)
        if rest:
            await asyncio.wait(rest, timeout=_RESOLUTION_DELAY if is_found else None)
        return _merged([one.result() for one in families if one.done()])
    finally:
        for one in families:
            one.cancel()


def _merged(answers: list[Answer]) -> Answer:
    """Return all addresses, IPv4 first; without any, the failure that says most.

    A server that fails for one family has not said that the name has no address.
    """
    found = [answer for answer in answers if isinstance(answer, Found)]
    if found:
        addresses = [address for answer in found for address in answer.addresses]
        return Found(tuple(addresses), min(answer.ttl for answer in found))
    failures = [answer for answer in answers if isinstance(answer, Failure)]
    missing = [failure for failure in failures if failure.is_missing]
    unanswered = [failure for failure in failures if not failure.is_missing]
    names = [f for f in missing if f.kind is FailureKind.NXDOMAIN]
    return (names or unanswered or missing)[0]


async def _family(
    resolver: "dns.asyncresolver.Resolver", host: str, kind: str, deadline: float
) -> Answer:
    import dns.exception
    import dns.resolver

    try:
        answer = await resolver.resolve(
            host, kind, lifetime=deadline, search=False, raise_on_no_answer=False
        )
    except dns.resolver.NXDOMAIN as error:
        ttl = _negative_ttl(error)
        return Failure(FailureKind.NXDOMAIN, f"{host} does not exist", ttl)
    except dns.exception.Timeout:
        reason = f"no name server answered within {deadline:g} s"
        return Failure(FailureKind.TIMEOUT, reason)
    except dns.resolver.NoNameservers as error:
        reason = f"no name server could answer: {_codes(error)}"
        return Failure(FailureKind.SERVER_FAILURE, reason)
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        return Failure(FailureKind.ERROR, f"{type(error).__name__}: {error}")
    ttl = float(answer.chaining_result.minimum_ttl)
    if answer.rrset is None:
        return Failure(FailureKind.NO_DATA, f"{host} has no address", ttl)
    return Found(tuple(record.address for record in answer), ttl)


def _negative_ttl(error: Any) -> float | None:
    """Return the TTL of an answer that a name does not exist (RFC 2308)."""
    import dns.exception

    try:
        response = next(iter(error.responses().values()))
        return float(response.resolve_chaining().minimum_ttl)
    except (dns.exception.DNSException, StopIteration):
        return None


def _codes(error: Exception) -> str:
    """Return the response codes of the servers, as in ``SERVFAIL, REFUSED``."""
    codes = [str(e[3]) for e in getattr(error, "kwargs", {}).get("errors", ())]
    return ", ".join(dict.fromkeys(codes)) or "they all failed"
