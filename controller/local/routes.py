"""The routes of a document, as the local platform serves them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from controller.kinds.service.routes.matching.patterns import covers
from controller.spec.document import Document

# What every load balancer of a platform listens on.
_LISTENERS = (80, 443)


def routes_of(document: Document) -> Iterator[tuple[Any, Any]]:
    """Yield the service and the route, for each route."""
    for id_, resource in sorted(document.resources.items()):
        for route in resource.spec.routes if id_.kind == "service" else ():
            yield resource.spec, route


def balancers_of(document: Document) -> Mapping[str, frozenset[int]]:
    """Return the load balancers of the routes, with the ports they listen on."""
    ports: defaultdict[str, set[int]] = defaultdict(lambda: set(_LISTENERS))
    for _, route in routes_of(document):
        ports[route.load_balancer] |= set(route.listeners)
    return {name: frozenset(found) for name, found in ports.items()}


def hosts_of(document: Document) -> frozenset[str]:
    """Return the hosts that a certificate can be for: exact ones, and ``*.name``."""
    hosts = {route.host for _, route in routes_of(document)}
    return frozenset(h for h in hosts if not set("*?") & set(h.removeprefix("*.")))


def path_to_try(spec: Any, route: Any) -> str:
    """Return a path that the route takes to the service, its health's if it does."""
    health = spec.health.path if spec.health else None
    if health and covers(route.path, health):
        return str(health)
    return str(route.path).replace("*", "").replace("?", "x")
