"""Scaling, log retention, tags and routes of a live service as document fields."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.document.platform import Platform
from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied
from controller.kinds.service.compare.removed_fields import TAGS
from controller.kinds.service.importing.minimal import spec_of, valid
from controller.kinds.service.importing.own_container import own_container
from controller.kinds.service.importing.routes import (
    forwarding_rules,
    route_differences,
    routes_of,
    rule_text,
)
from controller.kinds.service.importing.secrets import PLACEHOLDER
from controller.kinds.service.routes.attachment import attached
from controller.kinds.service.spec.checks import runs_mlflow
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of

# AWS fields that the document replaces by routes.
_GROUP_FIELDS = ("loadBalancers", "healthCheckGracePeriodSeconds")


def with_attachments(fields: Plain, state: ServiceState) -> Plain:
    """Return ``fields`` with scaling, log retention, and the declared tags."""
    found = dict(fields)
    if state.scaling is not None:
        # The two exclude each other; see ServiceSpec.
        found.pop("desired_count", None)
        found["scaling"] = {
            "minimum": state.scaling.minimum,
            "maximum": state.scaling.maximum,
        }
    if state.retention:
        found["log_retention_days"] = state.retention
    if tags := [*_declared_tags(state)]:
        found["service"] = {**found.get("service", {}), "tags": tags}
    return found


def with_routes(
    key: str, fields: Plain, state: ServiceState, platform: Platform
) -> tuple[Plain, tuple[str, ...]]:
    """Return ``fields`` with routes, and remarks about them.

    Routes are imported only if applying them would change nothing: the target group and
    its rules are the ones that the controller would create. Otherwise the service stays
    in its target group, declared with AWS fields.
    """
    found = forwarding_rules(state.routing)
    if not found:
        return fields, ()
    reasons: tuple[str, ...] = ("no route can express the conditions of its rules",)
    for numbered in (False, True):
        candidate = _routed(fields, state, numbered=numbered)
        if candidate:
            reasons = tuple(_route_problems(key, candidate, state, platform))
        if not reasons:
            return candidate, tuple(_unauthenticated_routes(candidate))
    sources = ", ".join(map(rule_text, found))
    remark = (
        f"receives traffic from {sources}, which cannot be imported as routes: "
        f"{'; '.join(reasons)}"
    )
    return fields, (remark,)


def _routed(fields: Plain, state: ServiceState, *, numbered: bool) -> Plain:
    """Return ``fields`` with routes instead of target groups; empty without routes."""
    routes = routes_of(state.routing, numbered=numbered)
    group = state.routing.group
    if not routes or group is None:
        return {}
    settings = state.settings
    found: Plain = copied(fields)
    found["service"] = {
        name: value
        for name, value in fields.get("service", {}).items()
        if name not in _GROUP_FIELDS
    }
    if found.get("health"):
        matcher = dict(group.health).get("Matcher", "")
        grace = settings.get("healthCheckGracePeriodSeconds", 0)
        found["health"] |= {"grace": grace, **({"matcher": matcher} if matcher else {})}
        path = dict(group.health).get("HealthCheckPath", "/")
        if path != found["health"].get("path", "/"):
            # The command and the target group check different paths.
            found["health"] |= {"path": path, "command": _check_command(state)}
    found["port"] = next(b.get("containerPort") for b in attached(settings))
    found["target_protocol"] = group.protocol.lower()
    return found | {"routes": [_with_reason(route, found) for route in routes]}


def _check_command(state: ServiceState) -> list[str]:
    """Return the health check command of the main container."""
    name, definition = state.settings["serviceName"], state.described
    own = own_container(name, definition["containerDefinitions"], state.settings)
    return list(own["healthCheck"]["command"])


def _route_problems(
    key: str, fields: Plain, state: ServiceState, platform: Platform
) -> Iterator[str]:
    """Yield each reason why ``fields`` does not declare the live rules."""
    try:
        left = valid(key, fields, platform)
        spec = spec_of(key, left, platform)
    except ValueError as error:
        yield str(error)
        return
    about = ("routes", "health", "port")
    gone = [name for name in about if left.get(name) != fields.get(name)]
    if gone:
        yield f"the document does not accept the live values of {', '.join(gone)}"
        return
    yield from route_differences(spec, state.routing, dict(state.settings))


def _with_reason(route: Plain, fields: Plain) -> Plain:
    """Return ``route``, with a placeholder if the document requires a reason."""
    return {**route, "unauthenticated": PLACEHOLDER} if _is_open(fields) else route


def _unauthenticated_routes(fields: Plain) -> Iterator[str]:
    if _is_open(fields):
        yield (
            "its routes send requests directly to MLflow, which does not authenticate "
            f"callers: replace {PLACEHOLDER} with the reason, or route to a service "
            "that authenticates them"
        )


def _is_open(fields: Plain) -> bool:
    return runs_mlflow(fields["image"], fields.get("command", ()))


def _declared_tags(state: ServiceState) -> Iterator[Mapping[str, Any]]:
    """Yield the tags that the document manages; other systems manage the rest."""
    for key, value in sorted(tags_of(state.settings).items()):
        if TAGS + key in state.managed:
            yield {"key": key, "value": value}
