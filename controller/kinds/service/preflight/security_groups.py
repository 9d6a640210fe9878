"""Whether security groups let one side through to the other."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from ipaddress import ip_network

from controller.kinds.service.preflight.facts import SecurityGroup, SecurityGroupRule


class NetworkPath(StrEnum):
    """What security groups say of a connection."""

    OPEN = "open"
    CLOSED = "closed"
    UNSURE = "unsure"


def way_in(
    there: Iterable[SecurityGroup],
    port: int,
    ours: frozenset[str],
    ranges: Sequence[str],
) -> NetworkPath:
    """Return whether the other side's groups admit us on ``port``.

    Args:
        there: The groups of the other side; one that admits us is enough.
        port: Its port.
        ours: Our own groups.
        ranges: The addresses of our subnets; a rule by address must cover them all.
    """
    found = [p for group in there for p in group.ingress if p.covers(port)]
    if any(permission.groups & ours for permission in found):
        return NetworkPath.OPEN
    if ranges and all(_covered(range_, found) for range_ in ranges):
        return NetworkPath.OPEN
    return NetworkPath.UNSURE if any(p.lists for p in found) else NetworkPath.CLOSED


def way_out(
    ours: Iterable[SecurityGroup], port: int, there: frozenset[str]
) -> NetworkPath:
    """Return whether our own groups let us out to the other side's ``port``.

    Its address is not known before it answers: any rule by address will do.
    """
    found = [p for group in ours for p in group.egress if p.covers(port)]
    out = any(p.groups & there or p.ranges or p.lists for p in found)
    return NetworkPath.OPEN if out else NetworkPath.CLOSED


def _covered(range_: str, permissions: Iterable[SecurityGroupRule]) -> bool:
    network = ip_network(range_, strict=False)
    return any(
        network.version == allowed.version and network.subnet_of(allowed)  # type: ignore[arg-type]
        for permission in permissions
        for allowed in (ip_network(text, strict=False) for text in permission.ranges)
    )
