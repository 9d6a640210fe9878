"""Routes of the platform's former API service: kept, redirected, or gone.

A redirect keeps method and query (308, RFC 9110 section 15.4.9). A route that is gone is
answered with 410 and its replacement. Paths of MLflow's API are not part of this table.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from controller.api.errors import problem

_Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


class Disposition(StrEnum):
    """State of a former route."""

    KEPT = "kept"
    REDIRECTED = "redirected"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class PlatformRoute:
    """A former route.

    Attributes:
        methods: HTTP methods.
        path: Path, with parameters as FastAPI writes them.
        disposition: State.
        to: Path of a redirect, or the replacement in words; empty for a kept route.
    """

    methods: tuple[str, ...]
    path: str
    disposition: Disposition
    to: str = ""


_KEPT, _MOVED, _GONE = Disposition.KEPT, Disposition.REDIRECTED, Disposition.GONE
_GET, _POST = ("GET",), ("POST",)
_ALL = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LIST, _MODEL = "/api/v1/models", "/api/v1/models/{reference:path}"
_DESCRIPTION = "/api/v1/openapi.json"
_REGISTER = (
    "Register with controller.registry or MLflow's client; the controller announces each "
    "version to its webhook targets."
)
_TRAINING = "Log metrics with controller.registry; the gates of an alias in hokusai.yaml decide."
_NOT_HERE = "This service has no replacement for it."


def _models_below(prefix: str) -> tuple[PlatformRoute, ...]:
    """Return the former routes of models, which were mounted twice."""
    version = f"{prefix}/{{name}}/{{version:int}}"
    return (
        PlatformRoute(_GET, prefix, _MOVED, _LIST),
        PlatformRoute(
            _GET, f"{prefix}/production", _MOVED, f"{_LIST}?alias=production"
        ),
        PlatformRoute(_GET, f"{prefix}/{{name}}/lineage", _MOVED, f"{_LIST}/{{name}}"),
        PlatformRoute(_GET, version, _MOVED, f"{_LIST}/{{name}}:{{version}}"),
        PlatformRoute(
            ("PATCH", "DELETE"), version, _GONE, "Change the version in MLflow."
        ),
        PlatformRoute(
            _POST,
            f"{version}/transition",
            _GONE,
            "Declare the alias in hokusai.yaml, or set it in MLflow.",
        ),
        PlatformRoute(_POST, f"{prefix}/register", _GONE, _REGISTER),
        PlatformRoute(
            _POST, f"{prefix}/tokenized-registration-events", _GONE, _REGISTER
        ),
        PlatformRoute(
            _ALL, f"{prefix}/{{rest:path}}", _GONE, f"Use GET {_LIST}/REFERENCE."
        ),
    )


PLATFORM_ROUTES: tuple[PlatformRoute, ...] = (
    PlatformRoute(_GET, "/health", _KEPT),
    PlatformRoute(_GET, "/live", _KEPT),
    PlatformRoute(_GET, "/ready", _KEPT),
    PlatformRoute(_GET, _LIST, _KEPT),
    PlatformRoute(_GET, "/api/v1/health", _KEPT),
    PlatformRoute(_POST, f"{_MODEL}/predict", _KEPT),
    PlatformRoute(_GET, f"{_MODEL}/health", _KEPT),
    PlatformRoute(_GET, f"{_MODEL}/info", _MOVED, f"{_LIST}/{{reference}}"),
    PlatformRoute(_GET, "/", _MOVED, _DESCRIPTION),
    PlatformRoute(_GET, "/openapi.json", _MOVED, _DESCRIPTION),
    PlatformRoute(_GET, "/docs", _MOVED, _DESCRIPTION),
    PlatformRoute(_GET, "/redoc", _MOVED, _DESCRIPTION),
    PlatformRoute(_GET, "/version", _MOVED, _DESCRIPTION),
    PlatformRoute(_GET, "/health/alb", _MOVED, "/live"),
    PlatformRoute(_GET, "/health/status", _MOVED, "/api/v1/health"),
    PlatformRoute(_GET, "/health/mlflow", _MOVED, "/api/v1/health"),
    PlatformRoute(
        _POST,
        "/health/mlflow/reset",
        _GONE,
        "There is no circuit breaker to reset; `hokusai dns flush` forgets addresses.",
    ),
    PlatformRoute(_GET, "/api/health/mlflow", _MOVED, "/api/v1/health"),
    PlatformRoute(_GET, "/api/health/mlflow/detailed", _MOVED, "/api/v1/health"),
    PlatformRoute(_GET, "/api/health/mlflow/connectivity", _MOVED, "/api/v1/health"),
    *_models_below("/models"),
    *_models_below("/api/models"),
    PlatformRoute(_POST, f"{_MODEL}/contributions", _GONE, _NOT_HERE),
    PlatformRoute(_GET, "/api/v1/contributions/{id}/lifecycle", _GONE, _NOT_HERE),
    PlatformRoute(_POST, f"{_MODEL}/evaluate", _GONE, _TRAINING),
    PlatformRoute(_ALL, f"{_MODEL}/evaluation-schedule", _GONE, _TRAINING),
    PlatformRoute(_GET, "/api/v1/evaluations/{rest:path}", _GONE, _TRAINING),
    PlatformRoute(_ALL, "/api/v1/benchmarks", _GONE, _TRAINING),
    PlatformRoute(_ALL, "/api/v1/benchmarks/{rest:path}", _GONE, _TRAINING),
    PlatformRoute(_POST, "/api/v1/outcomes", _GONE, _NOT_HERE),
    PlatformRoute(_GET, "/api/v1/dataset-arrivals", _GONE, _NOT_HERE),
    PlatformRoute(_ALL, "/api/v1/privacy/{rest:path}", _GONE, _NOT_HERE),
    PlatformRoute(
        _GET, "/api/v1/governance/audit-logs", _GONE, "Use GET /api/v1/audit."
    ),
    PlatformRoute(_ALL, "/api/v1/governance/{rest:path}", _GONE, _NOT_HERE),
    PlatformRoute(_ALL, "/api/v1/dspy/{rest:path}", _GONE, _NOT_HERE),
)


def router() -> APIRouter:
    """Return the routes that are redirected or gone; they are not in OpenAPI.

    Routes that take a path are asked before those of the models, which take any.
    """
    routes = APIRouter(include_in_schema=False)
    for one in PLATFORM_ROUTES:
        if one.disposition is Disposition.KEPT:
            continue
        moved = one.disposition is Disposition.REDIRECTED
        answer = _redirect(one.to) if moved else _gone(one.to)
        routes.add_route(one.path, answer, methods=list(one.methods))
    return routes


def redirect_target(to: str, parameters: Mapping[str, object], query: str) -> str:
    """Return the path and query of a redirect; its parameters are quoted."""
    quoted = {name: quote(str(value), safe="@:") for name, value in parameters.items()}
    path = to.format(**quoted)
    separator = "&" if "?" in path else "?"
    return f"{path}{separator}{query}" if query else path


def _redirect(to: str) -> _Answer:
    async def answer(request: Request) -> Response:
        target = redirect_target(to, request.path_params, request.url.query)
        return RedirectResponse(target, HTTPStatus.PERMANENT_REDIRECT)

    return answer


def _gone(replacement: str) -> _Answer:
    async def answer(_request: Request) -> Response:
        return problem(HTTPStatus.GONE, f"This route is gone. {replacement}")

    return answer
