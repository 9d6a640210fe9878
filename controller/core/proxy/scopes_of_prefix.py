"""Scopes of the routes below a prefix, for the description of the API."""

from controller.core.access.scopes import known_scopes
from controller.core.proxy.route_table import BodyCheck, proxy_routes

_BODY_SCOPES = {
    BodyCheck.REGISTER: "register:model/*",
    BodyCheck.RENAME: "register:model/*",
    BodyCheck.ALIAS: "alias:model/*@*",
    BodyCheck.GRAPHQL: "mlflow:write",
}


def scopes_below(prefix: str) -> tuple[str, ...]:
    """Return every scope that a route at or below ``prefix`` may require."""
    prefix = "/api/" + prefix.removeprefix("/ajax-api/") if "ajax" in prefix else prefix
    found = set[str]()
    for route in proxy_routes():
        template = route.template.replace("/ajax-api/", "/api/")
        if template.startswith(prefix):
            found |= set(route.scopes)
            found |= {_BODY_SCOPES[route.check]} if route.check else set()
    return tuple(scope for scope in known_scopes() if scope in found)
