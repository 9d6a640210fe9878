"""The target groups a service registers with, on load balancers that are others'."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckSkipped, Result
from controller.core.resources.observation import Absent
from controller.kinds.service.preflight.case import ServiceCase, of, state
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.facts import (
    RunningService,
    UnmanagedTargetGroup,
)


def fit(case: ServiceCase) -> Iterator[Result]:
    """Yield in what a target group does not fit the service it leads to."""
    if not case.spec.routes:
        yield CheckSkipped(case.check, "it declares no routes")
        return
    seen = of(case.facts.live, case.spec.name)
    yield from case.unseen(seen)
    live: RunningService | None = state(seen)
    if live is None or not live.targets:
        yield CheckSkipped(case.check, "it registers with no target group yet")
        return
    for arn, port in live.targets:
        target = of(case.facts.targets, arn)
        yield from case.unseen(target)
        if isinstance(target, Absent):
            message = f"Target group {_name(arn)} does not exist."
            command = aws(case.spec.region, "elbv2", "describe-target-groups")
            yield case.blocks("routes", message, command)
        elif (group := state(target)) and group.ours:
            yield CheckSkipped(
                case.check, f"{_name(arn)} is ours, and kept as declared"
            )
        elif group:
            yield from _listened_to(case, arn, group)
            yield from _differences(case, arn, group, port)


def _listened_to(
    case: ServiceCase, arn: str, group: UnmanagedTargetGroup
) -> Iterator[Result]:
    """Yield that no listener leads to a group, or none on a declared port."""
    if not group.balancers:
        route = case.spec.routes[0]
        message = f"No listener leads to target group {_name(arn)}: ECS refuses it."
        command = aws(
            case.spec.region,
            *("elbv2", "create-rule", "--listener-arn", "<listener ARN>"),
            *("--priority", "<1 to 50000>", "--conditions"),
            f"Field=host-header,Values={route.host}",
            f"Field=path-pattern,Values={route.path}",
            *("--actions", f"Type=forward,TargetGroupArn={arn}"),
        )
        yield case.blocks("routes", message, command)
        return
    looks = [of(case.facts.listening, balancer) for balancer in group.balancers]
    unseen = [*case.unseen(*looks)]
    yield from unseen
    ports = {port for found in map(state, looks) if found for port in found}
    for index, route in enumerate(case.spec.routes):
        missing = sorted(set(route.listeners) - ports)
        if missing and not unseen:
            told = ", ".join(map(str, missing))
            message = f"The load balancer of {_name(arn)} does not listen on {told}."
            words = ("--load-balancer-arn", group.balancers[0])
            command = aws(case.spec.region, "elbv2", "describe-listeners", *words)
            yield case.blocks(f"routes[{index}].listeners", message, command)


def _differences(
    case: ServiceCase, arn: str, group: UnmanagedTargetGroup, registered: int
) -> Iterator[Result]:
    spec, name = case.spec, _name(arn)
    if registered != spec.port:
        message = (
            f"It registers port {registered} with {name}, and listens on {spec.port}."
        )
        yield case.blocks("port", message, _shown(case, arn))
    if group.type != "ip":
        message = f"{name} takes targets by {group.type}; tasks on Fargate go by ip."
        yield case.blocks("routes", message, _shown(case, arn))
    if group.protocol not in {"HTTP", "HTTPS"}:
        message = f"{name} speaks {group.protocol}; routes need HTTP or HTTPS."
        yield case.blocks("routes", message, _shown(case, arn))
    if group.port != spec.port:
        message = (
            f"{name} is made for port {group.port}, and the service has {spec.port}."
        )
        yield case.warns("port", message, _shown(case, arn))
    health = spec.health
    if health and health.path and group.path != health.path:
        message = (
            f"{name} asks for {group.path}, and the service answers {health.path}."
        )
        command = _modified(case, arn, "--health-check-path", health.path)
        yield case.blocks("health.path", message, command)
    if group.health_port not in {"traffic-port", str(spec.port)}:
        message = f"{name} checks port {group.health_port}, and nobody listens there."
        command = _modified(case, arn, "--health-check-port", "traffic-port")
        yield case.blocks("health", message, command)


def _shown(case: ServiceCase, arn: str) -> str:
    words = ("elbv2", "describe-target-groups", "--target-group-arns", arn)
    return aws(case.spec.region, *words)


def _modified(case: ServiceCase, arn: str, option: str, value: str) -> str:
    words = ("elbv2", "modify-target-group", "--target-group-arn", arn)
    return aws(case.spec.region, *words, option, value)


def _name(arn: str) -> str:
    """Return the name of a target group: ``…:targetgroup/NAME/ID``."""
    return arn.split("/")[-2] if arn.count("/") > 1 else arn
