"""Check of the routes of a service before it is created."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckSkipped, Result
from controller.core.resources.observation import Absent
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.service_case import ServiceCase, of, state
from controller.kinds.service.routes.findings import findings
from controller.kinds.service.routes.state import LoadBalancer, RoutingState


def served(case: ServiceCase) -> Iterator[Result]:
    """Yield each problem that keeps a route of a new service from getting requests."""
    if not case.spec.routes:
        yield CheckSkipped(case.check, "no routes are declared")
        return
    live = of(case.facts.live, case.spec.name)
    yield from case.unreadable(live)
    if not isinstance(live, Absent):
        yield CheckSkipped(case.check, "the service exists; `diff` compares its routes")
        return
    seen = of(case.facts.routing, case.spec.name)
    yield from case.unreadable(seen)
    routing: RoutingState | None = state(seen)
    if routing is None:
        return
    for found in findings(case.spec, routing):
        yield case.warns(found.path, found.message, found.command)
    for balancer in routing.balancers:
        yield from _unreachable(case, balancer)


def _unreachable(case: ServiceCase, balancer: LoadBalancer) -> Iterator[Result]:
    """Yield a finding if no security group allows the load balancer to reach the port.

    A rule by address may include the load balancer's addresses, so it counts as open.
    """
    spec = case.spec
    reads = [of(case.facts.groups, id_) for id_ in spec.network.security_groups]
    unreadable = [*case.unreadable(*reads)]
    groups = [found for found in map(state, reads) if found]
    if unreadable or not groups or not balancer.groups or spec.port is None:
        yield from unreadable
        return
    rules = [rule for g in groups for rule in g.ingress if rule.covers(spec.port)]
    if any(r.groups & {*balancer.groups} or r.ranges or r.lists for r in rules):
        return
    own, other = spec.network.security_groups[0], balancer.groups[0]
    message = (
        f"No security group of the tasks allows load balancer {balancer.name} "
        f"({other}) on port {spec.port}: its health checks and requests would time out."
    )
    command = aws(
        spec.region,
        *("ec2", "authorize-security-group-ingress", "--group-id", own),
        *("--protocol", "tcp", "--port", str(spec.port), "--source-group", other),
    )
    yield case.blocks("network.security_groups", message, command)
