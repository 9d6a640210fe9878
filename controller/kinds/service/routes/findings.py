"""What is amiss with a service's routes and is a person's to settle.

We make no load balancers, listeners or certificates, change nothing on load
balancers of others, and leave rules of others where they are.
"""

import shlex
from collections.abc import Iterator

from controller.core.resources.kind import Finding, HoldReason
from controller.core.resources.observation import Ownership
from controller.core.resources.plan import Hold, Reason
from controller.core.values.identity import OWNER_TAG
from controller.kinds.service.routes.certification import not_certified, unread
from controller.kinds.service.routes.health_checks import declared_health
from controller.kinds.service.routes.matching.precedence import (
    no_number,
    number_for,
    shadowed,
)
from controller.kinds.service.routes.planning import in_the_way, own_rule
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import (
    LoadBalancer,
    RoutedListener,
    RoutingState,
)
from controller.kinds.service.routes.steps import path_of
from controller.kinds.service.spec.routes import RouteSpec

SERVICE_TAG = "hokusai.ai/service"


def findings(spec: RoutedService, seen: RoutingState) -> tuple[Finding, ...]:
    """Return what a person must do for the routes to be as declared."""
    found = [*_group(spec, seen)]
    for route in spec.routes:
        balancer = seen.balancer(route.load_balancer)
        if balancer is None:
            found.append(_no_balancer(route))
            continue
        for port in dict.fromkeys(route.listeners):
            listener = balancer.listener(port)
            if listener is None:
                found.append(_no_listener(route, balancer, port))
            else:
                found += _on(spec, seen, (balancer, listener), route)
    return tuple(dict.fromkeys(found))


def held(spec: RoutedService, seen: RoutingState) -> HoldReason | None:
    """Return why the service must wait: its target group is another controller's."""
    group = seen.group
    if spec.routes and group and group.ownership is Ownership.FOREIGN:
        message = (
            f"The target group {group.name} carries another controller's tag; two "
            "would fight over it."
        )
        return HoldReason(Hold.OWNERSHIP_CONFLICT, message)
    return None


def _group(spec: RoutedService, seen: RoutingState) -> Iterator[Finding]:
    """Yield why the target group cannot be used, if it cannot."""
    group = seen.group
    if group is None or not spec.routes:
        return
    path = f"routes.target_group[{group.name}]"
    speaks = f"{group.protocol} to targets of type {group.kind}"
    wanted = spec.target_protocol.upper()
    if group.ownership is Ownership.UNMANAGED:
        message = (
            f"The target group {group.name} exists without our tag, so nothing is "
            "forwarded to it: tag it to have it taken over."
        )
        tag = f"Key={OWNER_TAG},Value={spec.owner}"
        command = (
            f"aws elbv2 add-tags --resource-arns {group.arn} --tags {shlex.quote(tag)}"
        )
        yield Finding(path, Reason.NOT_MANAGED, message, command)
    elif (group.protocol, group.kind) != (wanted, "ip"):
        message = (
            f"The target group {group.name} speaks {speaks}, and the service needs "
            f"{wanted} to targets of type ip; AWS cannot change that: take the routes "
            "out of the document until it is gone, and put them back."
        )
        yield Finding(path, Reason.IMMUTABLE_FIELD_CHANGED, message)


def _no_balancer(route: RouteSpec) -> Finding:
    name = route.load_balancer
    message = (
        f"The load balancer {name} does not exist, so nothing leads to {route.name}."
    )
    command = (
        f"aws elbv2 create-load-balancer --name {name} --type application "
        "--subnets <subnet id> <subnet id> --security-groups <group id>"
    )
    path = f"routes[{route.name}].load_balancer"
    return Finding(path, Reason.MISSING, message, command)


def _no_listener(route: RouteSpec, balancer: LoadBalancer, port: int) -> Finding:
    have = ", ".join(str(found.port) for found in balancer.listeners) or "none"
    message = (
        f"{route.name} is declared on port {port} of {balancer.name}, which does not "
        f"listen there; it listens on: {have}."
    )
    secure = port not in {80, 8080}
    protocol = "HTTPS" if secure else "HTTP"
    certificate = " --certificates CertificateArn=<certificate arn>" if secure else ""
    command = (
        f"aws elbv2 create-listener --load-balancer-arn {balancer.arn} "
        f"--protocol {protocol} --port {port}{certificate} --default-actions "
        "'Type=fixed-response,FixedResponseConfig={StatusCode=404}'"
    )
    return Finding(path_of(route, port), Reason.MISSING, message, command)


def _on(
    spec: RoutedService,
    seen: RoutingState,
    place: tuple[LoadBalancer, RoutedListener],
    route: RouteSpec,
) -> Iterator[Finding]:
    """Yield what is amiss with one route on one listener that exists."""
    balancer, listener = place
    group = seen.group.arn if seen.group else ""
    rule = own_rule(spec, listener, route, group)
    if rule is None or (rule.target != group and not balancer.is_ours):
        yield from _not_ours_to_make(spec, seen, place, route)
    yield from no_number(place, route, rule)
    yield from shadowed(spec, place, route, rule)
    yield from unread(balancer, listener)
    yield from not_certified(listener, route)


def _not_ours_to_make(
    spec: RoutedService,
    seen: RoutingState,
    place: tuple[LoadBalancer, RoutedListener],
    route: RouteSpec,
) -> Iterator[Finding]:
    """Yield a rule that is missing and that we may not make."""
    balancer, listener = place
    path = path_of(route, listener.port)
    other = in_the_way(listener, route)
    if other is not None and other.target != _arn(seen):
        message = (
            f"The rule with priority {other.priority} on port {listener.port} of "
            f"{balancer.name} takes {route.name} elsewhere, and is not ours."
        )
        group = _arn(seen) or "<target group arn>"
        command = (
            f"aws elbv2 modify-rule --rule-arn {other.arn} "
            f"--actions Type=forward,TargetGroupArn={group}"
        )
        yield Finding(path, Reason.NOT_MANAGED, message, command)
    elif not balancer.is_ours:
        message = (
            f"{route.name} has no rule on port {listener.port} of {balancer.name}, "
            "which is not ours to change."
        )
        command = _making(spec, seen, place, route)
        yield Finding(path, Reason.MISSING, message, command)


def _making(
    spec: RoutedService,
    seen: RoutingState,
    place: tuple[LoadBalancer, RoutedListener],
    route: RouteSpec,
) -> str:
    """Return the commands that make the rule, and the target group before it."""
    balancer, listener = place
    tag = shlex.quote(f"Key={OWNER_TAG},Value={spec.owner}")
    of_service = shlex.quote(f"Key={SERVICE_TAG},Value={spec.name}")
    lines = []
    group = _arn(seen)
    if not group:
        health = dict(declared_health(spec))
        group = "<target group arn>"
        lines.append(
            f"aws elbv2 create-target-group --name {spec.target_group} "
            f"--target-type ip --protocol {spec.target_protocol.upper()} --port {spec.port} "
            f"--vpc-id {balancer.network} "
            f"--health-check-path {shlex.quote(health['HealthCheckPath'])} "
            f"--matcher HttpCode={health['Matcher']} --tags {tag}"
        )
    priority = route.priority or number_for(listener, route)
    conditions = (
        f"Field=host-header,Values={route.host}",
        f"Field=path-pattern,Values={route.path}",
    )
    lines.append(
        f"aws elbv2 create-rule --listener-arn {listener.arn} --priority {priority} "
        f"--conditions {shlex.join(conditions)} "
        f"--actions Type=forward,TargetGroupArn={group} --tags {tag} {of_service}"
    )
    return "\n".join(lines)


def is_warning(finding: Finding) -> bool:
    """Whether nothing differs, and a person should know of something."""
    return finding.reason is Reason.PREFLIGHT_WARNING


def _arn(seen: RoutingState) -> str:
    return seen.group.arn if seen.group else ""
