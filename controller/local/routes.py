"""Routes of a document as the local platform serves them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from controller.kinds.service.routes.matching.patterns import covers
from controller.spec.document import Document

# Ports that every load balancer listens on.
_LISTENERS = (80, 443)


def routes_of(document: Document) -> Iterator[tuple[Any, Any]]:
    """Yield every route with the spec of its service."""
    for id_, resource in sorted(document.resources.items()):
        for route in resource.spec.routes if id_.kind == "service" else ():
            yield resource.spec, route


def balancers_of(document: Document) -> Mapping[str, frozenset[int]]:
    """Return the listener ports of the routes' load balancers, by name."""
    ports: defaultdict[str, set[int]] = defaultdict(lambda: set(_LISTENERS))
    for _, route in routes_of(document):
        ports[route.load_balancer] |= set(route.listeners)
    return {name: frozenset(found) for name, found in ports.items()}


def hosts_of(document: Document) -> frozenset[str]:
    """Return the hosts that a certificate can name: exact ones, and ``*.name``."""
    hosts = {route.host for _, route in routes_of(document)}
    return frozenset(h for h in hosts if not set("*?") & set(h.removeprefix("*.")))


def example_path(document: Document, spec: Any, route: Any) -> str:
    """Return a path that matches the route.

    It is the path of the service's health check, or that of an endpoint's probe of the
    route's host or the service's own name, if one of them matches.
    """
    hosts = {route.host, f"{spec.discovery}.{spec.namespace}"}
    checked = [spec.health.path] if spec.health else []
    for id_, resource in sorted(document.resources.items()):
        if id_.kind == "endpoint" and resource.spec.host in hosts:
            checked += [resource.spec.probe.path] if resource.spec.probe else []
    matching = (path for path in checked if path and covers(route.path, path))
    plain = str(route.path).replace("*", "").replace("?", "x")
    return str(next(matching, plain))
