"""Check of the network path to each connection target.

An outage lasted for weeks because Redis allowed only the security group of an older
task.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.core.planning.preflight import CheckSkipped, Result
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.facts import Fact, Facts, SecurityGroup
from controller.kinds.service.preflight.security_groups import (
    NetworkPath,
    egress_path,
    ingress_path,
)
from controller.kinds.service.preflight.service_case import ServiceCase, of, state
from controller.kinds.service.spec.dependencies import ConnectSpec


@dataclass(frozen=True, slots=True)
class _Side:
    """The other side of a connection.

    Attributes:
        name: Name for messages.
        path: Field that names it.
        port: Port it listens on; None if unknown.
        groups: Its security groups.
    """

    name: str
    path: str
    port: int | None
    groups: tuple[str, ...]


def reachable(case: ServiceCase) -> Iterator[Result]:
    """Yield each connection that a security group blocks."""
    if not any(connect.bucket is None for connect in case.spec.connects):
        yield CheckSkipped(case.check, "no connections are declared")
    for index, connect in enumerate(case.spec.connects):
        path = f"connects[{index}]"
        if connect.bucket is None:
            yield from _connection(case, connect, path)


def _connection(case: ServiceCase, connect: ConnectSpec, path: str) -> Iterator[Result]:
    match connect:
        case ConnectSpec(redis=str(name)):
            seen, path = of(case.facts.caches, name), f"{path}.redis"
            title, list_ = f"Redis {name}", ("elasticache", "describe-cache-clusters")
        case ConnectSpec(database=str(name)):
            seen, path = of(case.facts.databases, name), f"{path}.database"
            title, list_ = f"Database {name}", ("rds", "describe-db-instances")
        case _:
            yield from _to_service(case, connect, f"{path}.to")
            return
    command = aws(case.spec.region, *list_)
    missing = case.blocks(path, f"{title} does not exist.", command)
    yield from case.unless_present(seen, missing)
    if found := state(seen):
        side = _Side(title, path, connect.port or found.port, found.groups)
        if found.port and side.port != found.port:
            message = f"{title} listens on {found.port}, not on {side.port}."
            yield case.blocks(path, message, command)
        yield from _path(case, side)


def _to_service(case: ServiceCase, connect: ConnectSpec, path: str) -> Iterator[Result]:
    target = connect.target
    other = case.facts.services.get(target) if target else None
    if other is None:
        yield CheckSkipped(case.check, f"{connect.to} is not part of this check")
        return
    port = connect.port or other.port
    side = _Side(str(target), path, port, other.network.security_groups)
    if port != other.port:
        message = f"{target} listens on {other.port}, not on {port}."
        yield case.blocks(path, message)
    yield from _path(case, side)


def _path(case: ServiceCase, side: _Side) -> Iterator[Result]:
    groups = case.spec.network.security_groups
    if side.port is None or not groups or not side.groups:
        why, verb = ("port", "is") if side.port is None else ("security groups", "are")
        yield CheckSkipped(
            case.check,
            f"the {why} of the connection to {side.name} {verb} not declared",
        )
        return
    own = _groups(case.facts, groups)
    others = _groups(case.facts, side.groups)
    ranges = [of(case.facts.subnets, id_) for id_ in case.spec.network.subnets]
    unreadable = [*case.unreadable(*own.values(), *others.values(), *ranges)]
    yield from unreadable
    # The network check reports what is missing.
    if unreadable or not _states(own):
        return
    cidrs = [found.cidr for found in map(state, ranges) if found]
    match ingress_path(_states(others), side.port, frozenset(groups), cidrs):
        case NetworkPath.CLOSED:
            yield _closed(case, side, groups[0])
        case NetworkPath.UNSURE:
            why = f"{side.name} allows a prefix list, which is not evaluated"
            yield CheckSkipped(case.check, why)
        case NetworkPath.OPEN:
            pass
    if (
        egress_path(_states(own), side.port, frozenset(side.groups))
        is NetworkPath.CLOSED
    ):
        yield _no_egress(case, side, groups[0])


def _closed(case: ServiceCase, side: _Side, own_group: str) -> Result:
    message = (
        f"{side.name} does not allow {own_group} on port {side.port}: connections would "
        "time out."
    )
    command = aws(
        case.spec.region,
        *("ec2", "authorize-security-group-ingress", "--group-id", side.groups[0]),
        *("--protocol", "tcp", "--port", str(side.port), "--source-group", own_group),
    )
    return case.blocks(side.path, message, command)


def _no_egress(case: ServiceCase, side: _Side, own_group: str) -> Result:
    message = (
        f"Security group {own_group} does not allow egress to {side.name}:{side.port}."
    )
    port, other_group = side.port, side.groups[0]
    rule = (
        f"IpProtocol=tcp,FromPort={port},ToPort={port},"
        f"UserIdGroupPairs=[{{GroupId={other_group}}}]"
    )
    command = aws(
        case.spec.region,
        *("ec2", "authorize-security-group-egress", "--group-id", own_group),
        *("--ip-permissions", rule),
    )
    return case.blocks(side.path, message, command)


def _groups(facts: Facts, ids: tuple[str, ...]) -> dict[str, Fact]:
    return {id_: of(facts.groups, id_) for id_ in ids}


def _states(seen: dict[str, Fact]) -> list[SecurityGroup]:
    return [found for found in map(state, seen.values()) if found]
