"""What ``observed.json`` tells of load balancers, as a look would have found it."""

from collections import defaultdict
from typing import Any

from controller.core.resources.observation import Ownership
from controller.kinds.service.routes.health_checks import declared_health
from controller.kinds.service.routes.matching.match import natural_priority, normalised
from controller.kinds.service.routes.state import (
    ListenerRule,
    LoadBalancer,
    RoutedListener,
    RoutingState,
    TargetGroup,
)


def routing(spec: Any, listeners: dict[str, list[dict[str, Any]]]) -> RoutingState:
    """Return the routing of a service whose load balancers have ``listeners``.

    Args:
        spec: The service.
        listeners: Rules by port. Each rule may say ``host``, ``path``, ``priority``,
            ``elsewhere`` (it forwards to another group) and ``ours``.
    """
    found = tuple(
        RoutedListener(
            f"listener/{port}",
            int(port),
            "HTTP" if port == "80" else "HTTPS",
            tuple(_rule(spec, port, rule) for rule in rules),
        )
        for port, rules in listeners.items()
    )
    names = dict.fromkeys(route.load_balancer for route in spec.routes)
    balancers = tuple(
        LoadBalancer(name, f"lb/{name}", "vpc-1", Ownership.MANAGED, found)
        for name in names
    )
    group = TargetGroup(
        group_arn(spec), spec.target_group, health=declared_health(spec)
    )
    return RoutingState(balancers, group)


def as_declared(spec: Any) -> RoutingState:
    """Return the routing of a service whose routes are all there."""
    listeners: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for route in spec.routes:
        for port in route.listeners:
            told = {"host": route.host, "path": route.path}
            listeners[str(port)].append(told)
    return routing(spec, listeners) if spec.routes else RoutingState()


def group_arn(spec: Any) -> str:
    """Return the ARN of the target group of a service."""
    where = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
    return f"{where}:targetgroup/{spec.target_group}/1"


def _rule(spec: Any, port: str, told: dict[str, Any]) -> ListenerRule:
    match = normalised((told.get("host", "*"),), (told.get("path", "/*"),))
    priority = told.get("priority", natural_priority(match))
    ours = told.get("ours", True)
    return ListenerRule(
        f"rule/{port}/{priority}",
        priority,
        match,
        "another" if told.get("elsewhere") else group_arn(spec),
        Ownership.MANAGED if ours else Ownership.UNMANAGED,
        spec.name if ours else "",
    )
