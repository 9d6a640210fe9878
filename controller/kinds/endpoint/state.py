"""Observed state of an endpoint."""

from dataclasses import dataclass, field

from controller.core.dns.health import NameReport


@dataclass(frozen=True, slots=True)
class EndpointState:
    """A name in DNS, and the addresses kept from earlier answers.

    Attributes:
        addresses: Current addresses, best first; empty if unknown.
        live: True if the addresses come from a current DNS answer.
        source: Source of the addresses, in one word.
        kept: Last known addresses in the store; None without a store.
        published: Address in the declared parameter; None if there is none.
        problem: Error of the probe or of the DNS query.
        names: Failures of the DNS queries.
    """

    addresses: tuple[str, ...] = ()
    live: bool = True
    source: str = "dns"
    kept: tuple[str, ...] | None = ()
    published: str | None = None
    problem: str = ""
    names: NameReport = field(default_factory=NameReport)
