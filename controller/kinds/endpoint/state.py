"""Observed state of an endpoint."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.core.dns.agreement import Disagreement
from controller.core.dns.health import NameReport
from controller.core.values.certificate import ServerCertificate


@dataclass(frozen=True, slots=True)
class Reader:
    """A service whose running tasks read published addresses that no longer answer.

    Attributes:
        service: Address of the service.
        name: Name in ECS.
        cluster: Name of its cluster.
        held: Addresses that its tasks hold, sorted.
        can_restart: True if the controller may restart it, and no deployment began after
            the published addresses changed.
    """

    service: str
    name: str
    cluster: str
    held: tuple[str, ...]
    can_restart: bool = False


@dataclass(frozen=True, slots=True)
class EndpointState:
    """A name in DNS, the addresses kept from earlier answers, and the checks of them.

    Attributes:
        addresses: Current addresses, best first; empty if unknown.
        live: True if the addresses come from a current DNS answer.
        source: Source of the addresses, in one word.
        kept: Last good addresses in the store; None without a store.
        published: Addresses in the declared parameter; None if it does not exist.
        parameter: Path of a parameter that is no longer declared; empty otherwise.
        answering: Addresses that accept a connection, in DNS or not.
        steady: Time for which DNS has returned the same addresses.
        problem: Error of the probe or of the DNS query.
        broken: Errors of the declared requests of ``contract``.
        certificate: Verified certificate; None without TLS.
        disagreement: Difference between DNS, Cloud Map and ECS; None if there is none.
        is_compared: True if Cloud Map and ECS were read.
        not_compared: Reason why they could not be read; empty otherwise.
        readers: Services that read published addresses that no longer answer.
        readers_unread: Reason why the readers are unknown; empty otherwise.
        names: Failures of the DNS queries.
        at: Time of the observation; None if nothing depends on it.
    """

    addresses: tuple[str, ...] = ()
    live: bool = True
    source: str = "dns"
    kept: tuple[str, ...] | None = ()
    published: tuple[str, ...] | None = None
    parameter: str = ""
    answering: frozenset[str] = frozenset()
    steady: timedelta = timedelta()
    problem: str = ""
    broken: tuple[str, ...] = ()
    certificate: ServerCertificate | None = None
    disagreement: Disagreement | None = None
    is_compared: bool = False
    not_compared: str = ""
    readers: tuple[Reader, ...] = ()
    readers_unread: str = ""
    names: NameReport = field(default_factory=NameReport)
    at: datetime | None = None
