"""Routes of the proxy: one wildcard for each prefix of MLflow's API."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from controller.api.auth.requirements import (
    SCOPES_FIELD,
    SECURITY_SCHEMES,
    CallerCheck,
)
from controller.api.proxy.proxy import Forwarder, MlflowProxy
from controller.core.proxy.scopes_of_prefix import scopes_below

_TREES = (
    "/api/2.0/mlflow",
    "/api/2.0/mlflow-artifacts",
    "/api/3.0/mlflow",
    "/ajax-api",
    "/static-files",
)
_SINGLE = (
    ("GET", "/"),
    ("GET", "/version"),
    ("GET", "/get-artifact"),
    ("GET", "/model-versions/get-artifact"),
    ("GET", "/graphql"),
    ("POST", "/graphql"),
    ("POST", "/v1/traces"),
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_PATH = {"name": "path", "in": "path", "required": True, "schema": {"type": "string"}}


def router(proxy: MlflowProxy, access: CallerCheck) -> APIRouter:
    """Return the routes of the proxy."""
    forwarder = Forwarder(proxy, access, count(1))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await proxy.upstream.close()

    async def forward(request: Request) -> Response:
        return await forwarder.response(request)

    routes = APIRouter(lifespan=lifespan)

    def add(method: str, path: str, scopes: Sequence[str], **more: Any) -> None:
        name = path.replace("/{path:path}", "/*")
        routes.add_api_route(
            path,
            forward,
            methods=[method],
            response_model=None,
            name=f"MLflow {name}",
            description="A route of MLflow; the scope depends on the route.",
            operation_id=f"mlflow {method} {name}",
            openapi_extra={
                SCOPES_FIELD: list(scopes),
                "security": [{scheme: []} for scheme in SECURITY_SCHEMES],
                **more,
            },
        )

    for method, path in _SINGLE:
        add(method, path, scopes_below(path) if path != "/" else ("mlflow:read",))
    for tree in _TREES:
        for method in _METHODS:
            path = f"{tree}/{{path:path}}"
            add(method, path, scopes_below(tree), parameters=[_PATH])
    for prefix in proxy.prefixes:
        for method in _METHODS:
            path = f"{prefix}/{{path:path}}"
            add(method, path, scopes_below("/"), parameters=[_PATH])
    return routes
