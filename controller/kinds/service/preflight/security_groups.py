"""Network paths that security groups allow."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from ipaddress import ip_network

from controller.kinds.service.preflight.facts import SecurityGroup, SecurityGroupRule


class NetworkPath(StrEnum):
    """Verdict of security groups on a connection."""

    OPEN = "open"
    CLOSED = "closed"
    UNSURE = "unsure"


def ingress_path(
    there: Iterable[SecurityGroup],
    port: int,
    ours: frozenset[str],
    ranges: Sequence[str],
) -> NetworkPath:
    """Return the verdict of the other side's groups on ingress to ``port``.

    Args:
        there: Groups of the other side; one that allows it is enough.
        port: Port of the other side.
        ours: Groups of the service.
        ranges: Address ranges of the service's subnets; a rule must cover them all.
    """
    found = [p for group in there for p in group.ingress if p.covers(port)]
    if any(permission.groups & ours for permission in found):
        return NetworkPath.OPEN
    if ranges and all(_covered(range_, found) for range_ in ranges):
        return NetworkPath.OPEN
    return NetworkPath.UNSURE if any(p.lists for p in found) else NetworkPath.CLOSED


def egress_path(
    ours: Iterable[SecurityGroup], port: int, there: frozenset[str]
) -> NetworkPath:
    """Return the verdict of the service's groups on egress to ``port``.

    The address of the other side is unknown: any rule by address counts as open.
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
