"""What is seen of an endpoint."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EndpointState:
    """A name as DNS answers it, beside what was kept of earlier answers.

    Attributes:
        addresses: Where to connect now, best first; empty if nobody knows.
        live: Whether DNS said so just now, and not an older answer.
        source: Where the addresses come from, in one word.
        kept: The last good addresses in the store; None if it was left out.
        published: The address in the declared parameter; None if there is none.
        problem: Why the probe failed, or why the name does not resolve.
    """

    addresses: tuple[str, ...] = ()
    live: bool = True
    source: str = "dns"
    kept: tuple[str, ...] | None = ()
    published: str | None = None
    problem: str = ""
