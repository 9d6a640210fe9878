"""Problems with the routes of a service that need manual action.

The controller creates no load balancers, listeners or certificates, changes nothing on
load balancers without its ownership tag, and never moves the rules of other systems.
"""

import shlex
from collections.abc import Iterator

from controller.core.resources.kind import Finding, HoldReason
from controller.core.resources.observation import Ownership
from controller.core.resources.plan import Hold, Reason
from controller.core.values.identity import OWNER_TAG
from controller.kinds.service.routes.certification import (
    missing_certificate,
    unreadable_certificates,
)
from controller.kinds.service.routes.health_checks import check_text, declared_health
from controller.kinds.service.routes.matching.precedence import (
    priority_conflict,
    shadowed,
    unused_priority,
)
from controller.kinds.service.routes.planning import (
    conflicting_rule,
    declared_listeners,
    own_rule,
)
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
    """Return the manual actions without which the routes stay out of sync."""
    found = [*_group(spec, seen), *_untried_check(spec, seen)]
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
    """Return a hold if the target group belongs to another controller."""
    group = seen.group
    if spec.routes and group and group.ownership is Ownership.FOREIGN:
        message = (
            f"Target group {group.name} carries the ownership tag of another "
            "controller: two controllers would undo each other's changes."
        )
        return HoldReason(Hold.OWNERSHIP_CONFLICT, message)
    return None


def _group(spec: RoutedService, seen: RoutingState) -> Iterator[Finding]:
    """Yield a finding if the target group cannot be used."""
    group = seen.group
    if group is None or not spec.routes:
        return
    path = f"routes.target_group[{group.name}]"
    wanted = spec.target_protocol.upper()
    if group.ownership is Ownership.UNMANAGED:
        message = (
            f"Target group {group.name} exists without the ownership tag of this "
            "controller, so no rule forwards to it: tag it to adopt it."
        )
        tag = f"Key={OWNER_TAG},Value={spec.owner}"
        command = (
            f"aws elbv2 add-tags --resource-arns {group.arn} --tags {shlex.quote(tag)}"
        )
        yield Finding(path, Reason.NOT_MANAGED, message, command)
    elif (group.protocol, group.kind) != (wanted, "ip"):
        message = (
            f"Target group {group.name} has protocol {group.protocol} and target type "
            f"{group.kind}, but the service needs {wanted} and ip. AWS cannot change "
            "this: remove the routes from the document until the target group is "
            "deleted, then add them again."
        )
        yield Finding(path, Reason.IMMUTABLE_FIELD_CHANGED, message)


def _untried_check(spec: RoutedService, seen: RoutingState) -> Iterator[Finding]:
    """Yield a finding if a changed health check cannot be tried first.

    A trial needs a rule, which the controller creates on managed load balancers only.
    """
    group, trial, wanted = seen.group, seen.trial, declared_health(spec)
    if group is None or trial is None or group.health == wanted or not spec.routes:
        return
    managed = any(b.is_managed for b, _, _ in declared_listeners(spec, seen))
    if managed or not any(result.state == "healthy" for result in trial.current):
        return
    message = (
        f"Target group {group.name} checks {check_text(group.health)}, but "
        f"{check_text(wanted)} is declared. The controller cannot try it first, because "
        "it does not manage the load balancer: change it when all tasks answer."
    )
    texts = dict(wanted)
    command = (
        f"aws elbv2 modify-target-group --target-group-arn {group.arn} "
        f"--health-check-path {shlex.quote(texts['HealthCheckPath'])} "
        f"--matcher HttpCode={texts['Matcher']} "
        f"--health-check-interval-seconds {texts['HealthCheckIntervalSeconds']} "
        f"--health-check-timeout-seconds {texts['HealthCheckTimeoutSeconds']} "
        f"--unhealthy-threshold-count {texts['UnhealthyThresholdCount']}"
    )
    yield Finding(
        f"routes.target_group[{group.name}]", Reason.DRIFTED, message, command
    )


def _no_balancer(route: RouteSpec) -> Finding:
    name = route.load_balancer
    message = f"Load balancer {name} does not exist: {route.name} receives no traffic."
    command = (
        f"aws elbv2 create-load-balancer --name {name} --type application "
        "--subnets <subnet id> <subnet id> --security-groups <group id>"
    )
    path = f"routes[{route.name}].load_balancer"
    return Finding(path, Reason.MISSING, message, command)


def _no_listener(route: RouteSpec, balancer: LoadBalancer, port: int) -> Finding:
    have = ", ".join(str(found.port) for found in balancer.listeners) or "no port"
    message = (
        f"{route.name} is declared on port {port}, but load balancer {balancer.name} "
        f"has no listener there; it listens on {have}."
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
    """Yield the findings about one route on one listener that exists."""
    balancer, listener = place
    group = seen.group.arn if seen.group else ""
    rule = own_rule(spec, listener, route, group)
    if rule is None or (rule.target != group and not balancer.is_managed):
        yield from _unmanaged_rule(spec, seen, place, route)
    yield from priority_conflict(place, route, rule)
    yield from shadowed(spec, place, route, rule)
    yield from unreadable_certificates(balancer, listener)
    yield from missing_certificate(listener, route)


def _unmanaged_rule(
    spec: RoutedService,
    seen: RoutingState,
    place: tuple[LoadBalancer, RoutedListener],
    route: RouteSpec,
) -> Iterator[Finding]:
    """Yield a finding if a rule is missing that the controller must not create."""
    balancer, listener = place
    path = path_of(route, listener.port)
    other = conflicting_rule(listener, route)
    if other is not None and other.target != _arn(seen):
        message = (
            f"The rule with priority {other.priority} on port {listener.port} of "
            f"{balancer.name} sends {route.name} to another target, and this "
            "controller does not manage that rule."
        )
        group = _arn(seen) or "<target group arn>"
        command = (
            f"aws elbv2 modify-rule --rule-arn {other.arn} "
            f"--actions Type=forward,TargetGroupArn={group}"
        )
        yield Finding(path, Reason.NOT_MANAGED, message, command)
    elif not balancer.is_managed:
        message = (
            f"{route.name} has no rule on port {listener.port} of {balancer.name}, and "
            "this controller does not manage that load balancer."
        )
        command = _creation_commands(spec, seen, place, route)
        yield Finding(path, Reason.MISSING, message, command)


def _creation_commands(
    spec: RoutedService,
    seen: RoutingState,
    place: tuple[LoadBalancer, RoutedListener],
    route: RouteSpec,
) -> str:
    """Return the commands that create the rule, and before it the target group."""
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
    priority = route.priority or unused_priority(listener, route)
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
    """Return True if the routes are in sync and the finding is only a warning."""
    return finding.reason is Reason.PREFLIGHT_WARNING


def _arn(seen: RoutingState) -> str:
    return seen.group.arn if seen.group else ""
