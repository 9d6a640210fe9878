"""Check of target groups on load balancers that other systems manage."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckSkipped, Result
from controller.core.resources.observation import Absent
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.facts import (
    RegisteredTargetGroup,
    RunningService,
)
from controller.kinds.service.preflight.service_case import ServiceCase, of, state
from controller.kinds.service.spec.service import ServiceSpec


def declared_groups(spec: ServiceSpec) -> tuple[str, ...]:
    """Return the target groups that are declared in AWS's fields, as `import` does."""
    balancers = spec.service.get("loadBalancers", ())
    return tuple(b["targetGroupArn"] for b in balancers if b.get("targetGroupArn"))


def fit(case: ServiceCase) -> Iterator[Result]:
    """Yield each setting of a target group that does not match the service."""
    declared = {
        (b["targetGroupArn"], int(b.get("containerPort", 0)))
        for b in case.spec.service.get("loadBalancers", ())
        if b.get("targetGroupArn")
    }
    if not case.spec.routes and not declared:
        yield CheckSkipped(case.check, "no routes are declared")
        return
    seen = of(case.facts.live, case.spec.name)
    yield from case.unreadable(seen)
    live: RunningService | None = state(seen)
    registered = set(live.targets) if live and case.spec.routes else set()
    if not registered | declared:
        yield CheckSkipped(case.check, "the service has no target group yet")
        return
    for arn, port in sorted(registered | declared):
        target = of(case.facts.targets, arn)
        yield from case.unreadable(target)
        if isinstance(target, Absent):
            message = f"Target group {_name(arn)} does not exist."
            command = aws(case.spec.region, "elbv2", "describe-target-groups")
            yield case.blocks("routes", message, command)
        elif (group := state(target)) and group.managed:
            yield CheckSkipped(case.check, f"{_name(arn)} is managed by the controller")
        elif group:
            yield from _without_listener(case, arn, group)
            yield from _differences(case, arn, group, port)


def _without_listener(
    case: ServiceCase, arn: str, group: RegisteredTargetGroup
) -> Iterator[Result]:
    """Yield a finding if no listener, or none on a declared port, uses the group."""
    if not group.balancers:
        routes = case.spec.routes
        host = routes[0].host if routes else "<host>"
        path = routes[0].path if routes else "/*"
        message = f"No listener forwards to target group {_name(arn)}: ECS refuses it."
        command = aws(
            case.spec.region,
            *("elbv2", "create-rule", "--listener-arn", "<listener ARN>"),
            *("--priority", "<1 to 50000>", "--conditions"),
            f"Field=host-header,Values={host}",
            f"Field=path-pattern,Values={path}",
            *("--actions", f"Type=forward,TargetGroupArn={arn}"),
        )
        yield case.blocks("routes", message, command)
        return
    reads = [of(case.facts.listening, balancer) for balancer in group.balancers]
    unreadable = [*case.unreadable(*reads)]
    yield from unreadable
    ports = {port for found in map(state, reads) if found for port in found}
    for index, route in enumerate(case.spec.routes):
        missing = sorted(set(route.listeners) - ports)
        if missing and not unreadable:
            ports_text = ", ".join(map(str, missing))
            message = (
                f"The load balancer of {_name(arn)} does not listen on {ports_text}."
            )
            words = ("--load-balancer-arn", group.balancers[0])
            command = aws(case.spec.region, "elbv2", "describe-listeners", *words)
            yield case.blocks(f"routes[{index}].listeners", message, command)


def _differences(
    case: ServiceCase, arn: str, group: RegisteredTargetGroup, registered: int
) -> Iterator[Result]:
    spec, name = case.spec, _name(arn)
    if registered != spec.port:
        message = (
            f"The service registers port {registered} with {name}, but listens on "
            f"{spec.port}."
        )
        yield case.blocks("port", message, _shown(case, arn))
    if group.type != "ip":
        message = f"{name} has target type {group.type}; tasks on Fargate need ip."
        yield case.blocks("routes", message, _shown(case, arn))
    if group.protocol not in {"HTTP", "HTTPS"}:
        message = f"{name} uses {group.protocol}; routes need HTTP or HTTPS."
        yield case.blocks("routes", message, _shown(case, arn))
    if group.port != spec.port:
        message = (
            f"{name} was created for port {group.port}, but the service has "
            f"{spec.port}."
        )
        yield case.warns("port", message, _shown(case, arn))
    health = spec.health
    if health and health.path and group.path != health.path:
        message = (
            f"{name} checks {group.path}, but the health path of the service is "
            f"{health.path}."
        )
        command = _modified(case, arn, "--health-check-path", health.path)
        yield case.blocks("health.path", message, command)
    if health and group.matcher and group.matcher != health.matcher:
        message = (
            f"{name} expects the codes {group.matcher}, but the health check of the "
            f"service declares {health.matcher}."
        )
        command = _modified(case, arn, "--matcher", f"HttpCode={health.matcher}")
        yield case.warns("health.matcher", message, command)
    if group.health_port not in {"traffic-port", str(spec.port)}:
        message = (
            f"{name} checks port {group.health_port}, but the service does not listen "
            "there."
        )
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
