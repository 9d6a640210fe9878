"""What stands around a live service, in the words of the document: see ``words``."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.document.platform import Platform
from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied
from controller.kinds.service.compare.removed_fields import TAGS
from controller.kinds.service.importing.minimal import spec_of, valid
from controller.kinds.service.importing.routes import routes_of, told, unlike, ways
from controller.kinds.service.importing.secrets import PLACE
from controller.kinds.service.routes.attachment import attached
from controller.kinds.service.spec.checks import runs_mlflow
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of

# What AWS's own words say of target groups, and routes settle.
_OF_GROUPS = ("loadBalancers", "healthCheckGracePeriodSeconds")


def around(said: Plain, state: ServiceState) -> Plain:
    """Return ``said`` with who scales the service, its logs, and the tags it settled."""
    found = dict(said)
    if state.scaling is not None:
        # One of the two decides; see ServiceSpec.
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
    key: str, said: Plain, state: ServiceState, platform: Platform
) -> tuple[Plain, tuple[str, ...]]:
    """Return ``said`` with the ways to the service, and what is to be said of them.

    Routes are declared if nothing would come of it: the target group and its rules
    are as ours would be. Else the service stays in the group it is in, in AWS's words.
    """
    found = ways(state.routing)
    if not found:
        return said, ()
    why: tuple[str, ...] = ("no route can say what its rules match",)
    for numbered in (False, True):
        tried = _routed(said, state, numbered=numbered)
        why = tuple(_amiss(key, tried, state, platform)) if tried else why
        if not why:
            return tried, tuple(_open_doors(tried))
    led = ", ".join(map(told, found))
    return said, (f"is led to by {led}, which cannot be declared: {'; '.join(why)}",)


def _routed(said: Plain, state: ServiceState, *, numbered: bool) -> Plain:
    """Return ``said`` with routes in place of target groups; empty if there are none."""
    routes = routes_of(state.routing, numbered=numbered)
    group = state.routing.group
    if not routes or group is None:
        return {}
    settings = state.settings
    found: Plain = copied(said)
    found["service"] = {
        name: value
        for name, value in said.get("service", {}).items()
        if name not in _OF_GROUPS
    }
    if found.get("health"):
        matcher = dict(group.health).get("Matcher", "")
        grace = settings.get("healthCheckGracePeriodSeconds", 0)
        found["health"] |= {"grace": grace, **({"matcher": matcher} if matcher else {})}
    found["port"] = next(b.get("containerPort") for b in attached(settings))
    found["target_protocol"] = group.protocol.lower()
    return found | {"routes": [_explained(route, found) for route in routes]}


def _amiss(
    key: str, said: Plain, state: ServiceState, platform: Platform
) -> Iterator[str]:
    """Yield why ``said`` does not ask for the ways there are."""
    try:
        left = valid(key, said, platform)
        spec = spec_of(key, left, platform)
    except ValueError as error:
        yield str(error)
        return
    about = ("routes", "health", "port")
    gone = [name for name in about if left.get(name) != said.get(name)]
    if gone:
        yield f"the document does not take its {', '.join(gone)} as they are"
        return
    yield from unlike(spec, state.routing, dict(state.settings))


def _explained(route: Plain, said: Plain) -> Plain:
    """Return ``route``, with room for a reason where the document asks for one."""
    return {**route, "unauthenticated": PLACE} if _is_open(said) else route


def _open_doors(said: Plain) -> Iterator[str]:
    if _is_open(said):
        yield (
            "its routes lead straight to MLflow, which asks nobody who they are: write "
            f"why that is well instead of {PLACE}, or have a service in front of it"
        )


def _is_open(said: Plain) -> bool:
    return runs_mlflow(said["image"], said.get("command", ()))


def _declared_tags(state: ServiceState) -> Iterator[Mapping[str, Any]]:
    """Yield the tags that the document settled; the others are others'."""
    for key, value in sorted(tags_of(state.settings).items()):
        if TAGS + key in state.managed:
            yield {"key": key, "value": value}
