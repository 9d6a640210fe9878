"""Plan of the steps from the live load balancers to the declared routes."""

from collections.abc import Iterator
from dataclasses import replace

from controller.core.resources.observation import Ownership
from controller.kinds.service.routes.health_checks import declared_health
from controller.kinds.service.routes.matching.match import Match, match_of
from controller.kinds.service.routes.matching.priorities import free_priority, window
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import (
    ListenerRule,
    LoadBalancer,
    RoutedListener,
    RoutingState,
)
from controller.kinds.service.routes.steps import (
    CreateRule,
    CreateTargetGroup,
    DeleteRule,
    DeleteTargetGroup,
    SetRulePriority,
    Step,
    UpdateRule,
    UpdateTargetGroup,
)
from controller.kinds.service.spec.routes import RouteSpec

# Hosts of the rules of trials; the top-level domain never resolves, RFC 2606.
TRIAL_DOMAIN = "health-check.invalid"


def steps(spec: RoutedService, seen: RoutingState) -> tuple[Step, ...]:
    """Return the steps in the order in which they must be carried out.

    The target group is created first and deleted last: a rule cannot forward to a
    missing group, and a group that a rule forwards to cannot be deleted.
    """
    made = tuple(_rules(spec, seen)) if _usable(spec, seen) else ()
    return (
        *_group(spec, seen),
        *made,
        *_stale_rules(spec, seen),
        *_stale_group(spec, seen),
    )


def will_be_attached(spec: RoutedService, seen: RoutingState) -> bool:
    """Return True if ECS accepts the target group once the steps are done.

    ECS refuses a group that no listener forwards to.
    """
    return bool(spec.routes) and _usable(spec, seen) and receives_traffic(spec, seen)


def receives_traffic(spec: RoutedService, seen: RoutingState) -> bool:
    """Return True if, after the steps, a listener forwards to the target group."""
    todo = steps(spec, seen)
    if any(isinstance(step, CreateRule | UpdateRule) for step in todo):
        return True
    if seen.group is None:
        return False
    group = seen.group.arn
    gone = {step.rule for step in todo if isinstance(step, DeleteRule)}
    forwarding = {
        rule.arn
        for balancer in seen.balancers
        for listener in balancer.listeners
        for rule in listener.rules
        if rule.target == group
    }
    # Without a rule, a default action or a load balancer that was not read forwards.
    return bool(forwarding - gone) if forwarding else seen.group.attached


def own_rule(
    spec: RoutedService, listener: RoutedListener, route: RouteSpec, group: str
) -> ListenerRule | None:
    """Return the rule of ``route``: a managed one, or one with the same effect."""
    equal = [rule for rule in listener.rules if rule.match == match_of(route)]
    managed = [r for r in equal if is_managed(spec, r)]
    same = [r for r in equal if group and r.target == group]
    return next(iter((*managed, *same)), None)


def is_managed(spec: RoutedService, rule: ListenerRule) -> bool:
    """Return True if this controller created ``rule`` for the service."""
    return rule.ownership is Ownership.MANAGED and rule.service == spec.name


def is_trial_rule(spec: RoutedService, rule: ListenerRule) -> bool:
    """Return True if ``rule`` activates the target group of a trial."""
    return is_managed(spec, rule) and rule.match.hosts == (trial_host(spec),)


def trial_host(spec: RoutedService) -> str:
    """Return the host of the rule of a trial."""
    return f"{spec.target_group}.{TRIAL_DOMAIN}".lower()


def conflicting_rule(listener: RoutedListener, route: RouteSpec) -> ListenerRule | None:
    """Return an unmanaged rule with exactly the conditions of ``route``."""
    return next(
        (
            rule
            for rule in listener.rules
            if rule.match == match_of(route) and rule.ownership is not Ownership.MANAGED
        ),
        None,
    )


def declared_listeners(
    spec: RoutedService, seen: RoutingState
) -> Iterator[tuple[LoadBalancer, RoutedListener, RouteSpec]]:
    """Yield each route on each of its existing listeners, most specific first."""
    for route in sorted(spec.routes, key=_order):
        balancer = seen.balancer(route.load_balancer)
        for port in dict.fromkeys(route.listeners) if balancer else ():
            listener = balancer.listener(port) if balancer else None
            if balancer and listener:
                yield balancer, listener, route


def _order(route: RouteSpec) -> tuple[tuple[int, ...], str]:
    return match_of(route).specificity, route.name


def _usable(spec: RoutedService, seen: RoutingState) -> bool:
    """Return True if a managed target group exists or will be created."""
    group = seen.group
    if group is None:
        return _first_managed_balancer(spec, seen) is not None
    return (
        group.ownership is Ownership.MANAGED
        and group.kind == "ip"
        and group.protocol == spec.target_protocol.upper()
    )


def _first_managed_balancer(
    spec: RoutedService, seen: RoutingState
) -> LoadBalancer | None:
    """Return the first managed load balancer with a declared listener."""
    places = declared_listeners(spec, seen)
    return next((balancer for balancer, _, _ in places if balancer.is_managed), None)


def _group(spec: RoutedService, seen: RoutingState) -> Iterator[Step]:
    wanted, group = declared_health(spec), seen.group
    if group is None:
        balancer = _first_managed_balancer(spec, seen)
        if balancer is not None:
            yield CreateTargetGroup(
                spec.target_group,
                spec.target_protocol.upper(),
                spec.port or 0,
                balancer.network,
                wanted,
            )
        return
    if not spec.routes or group.ownership is not Ownership.MANAGED:
        return
    if dict(group.health) != dict(wanted) or not group.finished:
        yield UpdateTargetGroup(group.arn, group.name, group.health, wanted)


def _rules(spec: RoutedService, seen: RoutingState) -> Iterator[Step]:
    """Yield the rules to create, to update and to move."""
    group = seen.group.arn if seen.group else ""
    taken: dict[str, tuple[ListenerRule, ...]] = {}
    for balancer, listener, route in declared_listeners(spec, seen):
        if not balancer.is_managed:
            continue
        rules = taken.setdefault(listener.arn, listener.rules)
        rule = own_rule(spec, listener, route, group)
        if rule is None:
            made = _new_rule(listener, route, rules)
            if made is None or conflicting_rule(listener, route):
                continue
            taken[listener.arn] = (*rules, _as_rule(made, match_of(route)))
            yield made
        elif is_managed(spec, rule):
            if rule.target != group:
                yield UpdateRule(rule.arn, listener.port, route, rule.target)
            moved = _priority_change(listener, route, rule, rules)
            if moved is not None:
                kept = (r for r in rules if r.arn != rule.arn)
                there = replace(rule, priority=moved.priority)
                taken[listener.arn] = (*kept, there)
                yield moved


def _new_rule(
    listener: RoutedListener, route: RouteSpec, rules: tuple[ListenerRule, ...]
) -> CreateRule | None:
    """Return the rule to create, or None if no priority is unused."""
    used = {rule.priority for rule in rules}
    priority = route.priority
    if priority is None:
        priority = free_priority(match_of(route), _managed(rules), used)
    elif priority in used:
        return None
    if priority is None:
        return None
    return CreateRule(listener.arn, listener.port, route, priority)


def _priority_change(
    listener: RoutedListener,
    route: RouteSpec,
    rule: ListenerRule,
    rules: tuple[ListenerRule, ...],
) -> SetRulePriority | None:
    """Return the change of priority, or None if the priority is right."""
    used = {other.priority for other in rules if other.arn != rule.arn}
    others = tuple(r for r in _managed(rules) if r.arn != rule.arn)
    wanted = route.priority
    if wanted is None:
        least, most = window(rule.match, others)
        if least <= rule.priority <= most or least > most:
            return None
        wanted = free_priority(rule.match, others, used)
    if wanted is None or wanted == rule.priority or wanted in used:
        return None
    return SetRulePriority(rule.arn, listener.port, route, rule.priority, wanted)


def _managed(rules: tuple[ListenerRule, ...]) -> tuple[ListenerRule, ...]:
    return tuple(rule for rule in rules if rule.ownership is Ownership.MANAGED)


def _as_rule(made: CreateRule, match: Match) -> ListenerRule:
    """Return the rule as it will exist, so that later rules avoid its priority."""
    arn = f"{made.listener}/{made.priority}"
    return ListenerRule(arn, made.priority, match, ownership=Ownership.MANAGED)


def _stale_rules(spec: RoutedService, seen: RoutingState) -> Iterator[DeleteRule]:
    """Yield the managed rules of the service that no route declares."""
    declared = {
        (listener.arn, match_of(route))
        for _, listener, route in declared_listeners(spec, seen)
    }
    kept: set[tuple[str, Match]] = set()
    for _, listener, rule in seen.managed_rules(spec.name):
        place = listener.arn, rule.match
        if is_trial_rule(spec, rule) and seen.trial is not None:
            continue
        if place in declared and place not in kept:
            kept.add(place)
            continue
        what = (
            f"{'|'.join(rule.match.hosts) or '*'}{'|'.join(rule.match.paths) or '/*'}"
        )
        yield DeleteRule(rule.arn, listener.port, what, rule.priority)


def _stale_group(
    spec: RoutedService, seen: RoutingState
) -> Iterator[DeleteTargetGroup]:
    group = seen.group
    if group and not spec.routes and group.ownership is Ownership.MANAGED:
        yield DeleteTargetGroup(group.arn, group.name)
