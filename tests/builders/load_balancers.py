"""Builders of what is seen of load balancers, with defaults for the rest."""

from controller.core.document.platform import Platform
from controller.core.resources.observation import Ownership
from controller.kinds.service.routes.health_checks import declared_health
from controller.kinds.service.routes.matching.match import match_of, normalised
from controller.kinds.service.routes.state import (
    ListenerRule,
    LoadBalancer,
    RoutedListener,
    RoutingState,
    TargetGroup,
)
from controller.kinds.service.spec.routes import RouteSpec
from controller.kinds.service.spec.service import ServiceSpec, complete

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
NAME = "hokusai-api-development"
GROUP = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{NAME}/1"
API = {"host": "api.hokus.ai", "path": "/api/*"}


def service(*routes, **more):
    """Return the spec of service ``api`` with these routes."""
    fields = {"image": "hokusai/api:1", "port": 8001, "routes": [*routes], **more}
    return complete("api", ServiceSpec.model_validate(fields), PLATFORM)


def rule(
    priority, host="*", path="/*", *, target=GROUP, ours=True, service=NAME, more=False
):
    """Return a rule, by default a managed one of service ``api``."""
    return ListenerRule(
        f"rule/{priority}",
        priority,
        normalised((host,), (path,), more=more),
        target,
        Ownership.MANAGED if ours else Ownership.UNMANAGED,
        service if ours else "",
    )


def seen(
    *listeners,
    ours=True,
    group=True,
    ownership=Ownership.MANAGED,
    health=None,
    **more,
):
    """Return what is seen: one load balancer with ``listeners``, and the group."""
    owner = Ownership.MANAGED if ours else Ownership.UNMANAGED
    balancer = LoadBalancer(
        "hokusai-development", "lb/1", "vpc-1", owner, tuple(listeners)
    )
    found = TargetGroup(
        GROUP,
        NAME,
        ownership,
        health=declared_health(service(API)) if health is None else health,
        **more,
    )
    return RoutingState((balancer,), found if group else None)


def listener(port=443, *rules, names=None, protocol="HTTPS", certificate_error=""):
    """Return a listener."""
    return RoutedListener(
        f"listener/{port}", port, protocol, rules, names, certificate_error
    )


def match(host="*", path="/*"):
    """Return the conditions of a route for ``host`` and ``path``."""
    return match_of(RouteSpec(host=host, path=path))
