"""Declared routes beside what load balancers do: the steps between the two."""

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

# DeregistrationDelay of ours; AWS's own is 300 s, which holds up every rollout.
DELAY_SECONDS = 30


def steps(spec: RoutedService, seen: RoutingState) -> tuple[Step, ...]:
    """Return what to do, in the order in which it must be done.

    The group comes first and goes last: a rule cannot forward to what is not there,
    and what a rule forwards to cannot be deleted.
    """
    made = tuple(_rules(spec, seen)) if _usable(spec, seen) else ()
    return (
        *_group(spec, seen),
        *made,
        *_stale_rules(spec, seen),
        *_stale_group(spec, seen),
    )


def will_be_attached(spec: RoutedService, seen: RoutingState) -> bool:
    """Whether ECS accepts the target group, once the steps are done.

    It refuses one that no listener forwards to.
    """
    return bool(spec.routes) and _usable(spec, seen) and is_led_to(spec, seen)


def is_led_to(spec: RoutedService, seen: RoutingState) -> bool:
    """Whether a listener leads to the target group, once the steps are done."""
    todo = steps(spec, seen)
    if any(isinstance(step, CreateRule | UpdateRule) for step in todo):
        return True
    if seen.group is None:
        return False
    group = seen.group.arn
    gone = {step.rule for step in todo if isinstance(step, DeleteRule)}
    leading = {
        rule.arn
        for balancer in seen.balancers
        for listener in balancer.listeners
        for rule in listener.rules
        if rule.target == group
    }
    # Without a rule, it is a default action, or a load balancer not looked at.
    return bool(leading - gone) if leading else seen.group.attached


def own_rule(
    spec: RoutedService, listener: RoutedListener, route: RouteSpec, group: str
) -> ListenerRule | None:
    """Return the rule that is the declared one: ours, or one that does the same."""
    equal = [rule for rule in listener.rules if rule.match == match_of(route)]
    ours = [r for r in equal if is_ours(spec, r)]
    same = [r for r in equal if group and r.target == group]
    return next(iter((*ours, *same)), None)


def is_ours(spec: RoutedService, rule: ListenerRule) -> bool:
    """Whether we made ``rule`` for this service."""
    return rule.ownership is Ownership.MANAGED and rule.service == spec.name


def in_the_way(listener: RoutedListener, route: RouteSpec) -> ListenerRule | None:
    """Return a rule of somebody else with the very conditions of ``route``."""
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
    """Yield each route on each of its listeners that exists, the most special first."""
    for route in sorted(spec.routes, key=_order):
        balancer = seen.balancer(route.load_balancer)
        for port in dict.fromkeys(route.listeners) if balancer else ():
            listener = balancer.listener(port) if balancer else None
            if balancer and listener:
                yield balancer, listener, route


def _order(route: RouteSpec) -> tuple[tuple[int, ...], str]:
    return match_of(route).specificity, route.name


def _usable(spec: RoutedService, seen: RoutingState) -> bool:
    """Whether there is, or will be, a target group of ours to forward to."""
    group = seen.group
    if group is None:
        return _first_of_ours(spec, seen) is not None
    return (
        group.ownership is Ownership.MANAGED
        and group.kind == "ip"
        and group.protocol == spec.target_protocol.upper()
    )


def _first_of_ours(spec: RoutedService, seen: RoutingState) -> LoadBalancer | None:
    """Return a load balancer on which we may make a rule, and can."""
    places = declared_listeners(spec, seen)
    return next((balancer for balancer, _, _ in places if balancer.is_ours), None)


def _group(spec: RoutedService, seen: RoutingState) -> Iterator[Step]:
    wanted, group = declared_health(spec), seen.group
    if group is None:
        balancer = _first_of_ours(spec, seen)
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
    """Yield the rules to make, to mend and to move."""
    group = seen.group.arn if seen.group else ""
    taken: dict[str, tuple[ListenerRule, ...]] = {}
    for balancer, listener, route in declared_listeners(spec, seen):
        if not balancer.is_ours:
            continue
        rules = taken.setdefault(listener.arn, listener.rules)
        rule = own_rule(spec, listener, route, group)
        if rule is None:
            made = _made(listener, route, rules)
            if made is None or in_the_way(listener, route):
                continue
            taken[listener.arn] = (*rules, _as_rule(made, match_of(route)))
            yield made
        elif is_ours(spec, rule):
            if rule.target != group:
                yield UpdateRule(rule.arn, listener.port, route, rule.target)
            moved = _moved(listener, route, rule, rules)
            if moved is not None:
                kept = (r for r in rules if r.arn != rule.arn)
                there = replace(rule, priority=moved.priority)
                taken[listener.arn] = (*kept, there)
                yield moved


def _made(
    listener: RoutedListener, route: RouteSpec, rules: tuple[ListenerRule, ...]
) -> CreateRule | None:
    """Return the rule to make, unless no priority is left for it."""
    used = {rule.priority for rule in rules}
    priority = route.priority
    if priority is None:
        priority = free_priority(match_of(route), _made_by_us(rules), used)
    elif priority in used:
        return None
    if priority is None:
        return None
    return CreateRule(listener.arn, listener.port, route, priority)


def _moved(
    listener: RoutedListener,
    route: RouteSpec,
    rule: ListenerRule,
    rules: tuple[ListenerRule, ...],
) -> SetRulePriority | None:
    """Return the move, if ``rule`` is not where it must be."""
    used = {other.priority for other in rules if other.arn != rule.arn}
    others = tuple(r for r in _made_by_us(rules) if r.arn != rule.arn)
    wanted = route.priority
    if wanted is None:
        least, most = window(rule.match, others)
        if least <= rule.priority <= most or least > most:
            return None
        wanted = free_priority(rule.match, others, used)
    if wanted is None or wanted == rule.priority or wanted in used:
        return None
    return SetRulePriority(rule.arn, listener.port, route, rule.priority, wanted)


def _made_by_us(rules: tuple[ListenerRule, ...]) -> tuple[ListenerRule, ...]:
    return tuple(rule for rule in rules if rule.ownership is Ownership.MANAGED)


def _as_rule(made: CreateRule, match: Match) -> ListenerRule:
    """Return the rule that there will be, for those that come after it."""
    arn = f"{made.listener}/{made.priority}"
    return ListenerRule(arn, made.priority, match, ownership=Ownership.MANAGED)


def _stale_rules(spec: RoutedService, seen: RoutingState) -> Iterator[DeleteRule]:
    """Yield the rules we made for the service that no route asks for."""
    asked = {
        (listener.arn, match_of(route))
        for _, listener, route in declared_listeners(spec, seen)
    }
    kept: set[tuple[str, Match]] = set()
    for _, listener, rule in seen.ours(spec.name):
        place = listener.arn, rule.match
        if place in asked and place not in kept:
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
