"""Routes of MLflow that the proxy forwards, and the scopes that each requires.

The table is closed: a route that it does not list is not forwarded. Source: the routes
of MLflow 3.17.2 (``mlflow.server.app.url_map`` and the routers of
``mlflow.server.fastapi_app``); a test compares the table with them.

In a template, ``{id}`` is one segment of a path and ``{path*}`` the rest of it. Browsers
use the prefix ``/ajax-api`` instead of ``/api``, with the same scopes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from controller.core.access.scopes import ACTIONS

READ = "mlflow:read"
WRITE = "mlflow:write"
ARTIFACTS_READ = "mlflow:artifacts:read"
ARTIFACTS_WRITE = "mlflow:artifacts:write"
REGISTRY = "mlflow:registry:write"
DELETE = "mlflow:delete"
ADMIN = "mlflow:admin"


class BodyCheck(StrEnum):
    """Scope that depends on the body of a request."""

    REGISTER = "register:model/NAME"
    ALIAS = "alias:model/NAME@ALIAS"
    RENAME = "register:model/NEW_NAME"
    GRAPHQL = "mlflow:write for a mutation"


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """A forwarded route.

    Attributes:
        method: HTTP method; HEAD is treated as GET.
        template: Path at MLflow.
        scopes: Scopes that every request requires.
        check: Scope that depends on the body; None without one.
    """

    method: str
    template: str
    scopes: tuple[str, ...]
    check: BodyCheck | None = None

    @property
    def has_file_path(self) -> bool:
        """True if the path ends with a path of its own, which may encode separators."""
        return self.template.endswith("*}")


_V2 = "/api/2.0/mlflow"
_V3 = "/api/3.0/mlflow"
_FILES = "/api/2.0/mlflow-artifacts"
_AJAX_V2 = "/ajax-api/2.0/mlflow"
_AJAX_V3 = "/ajax-api/3.0/mlflow"
_ANY = "GET,POST,PUT,PATCH,DELETE"

# For each scope and prefix: methods and the rest of the path.
_TABLE: Mapping[str, Mapping[str, str]] = {
    READ: {
        "": """
            GET /
            GET /version
            GET /static-files/{path*}
        """,
        _V2: """
            GET,POST /experiments/search
            GET /experiments/get
            GET /experiments/get-by-name
            GET /runs/get
            POST /runs/search
            GET /metrics/get-history
            GET /metrics/get-history-bulk-interval
            GET /logged-models/{id}
            POST /logged-models/search
            GET /registered-models/get
            GET /registered-models/search
            GET,POST /registered-models/get-latest-versions
            GET /registered-models/alias
            GET /model-versions/get
            GET /model-versions/get-download-uri
            GET /model-versions/search
            GET /traces
            GET /traces/{id}/info
            GET /unified-traces
            GET /get-online-trace-details
        """,
        _V3: """
            GET /server-info
            GET /traces/get
            GET /traces/batchGet
            POST /traces/batchGetInfos
            POST /traces/search
            POST /traces/metrics
            POST /traces/calculate-filter-correlation
            GET /traces/{id}
            GET /traces/{id}/assessments/{assessment}
            GET,POST /datasets/search
            GET /datasets/{id}
            GET /datasets/{id}/experiment-ids
            GET /datasets/{id}/records
            GET /issues/{id}
            POST /issues/search
            GET /label-schemas/get
            GET /label-schemas/get-by-name
            GET /label-schemas/list
            GET,POST /prompt-optimization/jobs/search
            GET /prompt-optimization/jobs/{id}
            GET /review-queues/get
            GET /review-queues/get-by-name
            GET /review-queues/list
            GET /review-queues/items/list
            GET /scorers/get
            GET /scorers/list
            GET /scorers/versions
            GET /scorers/online-configs
        """,
        _AJAX_V2: """
            GET /metrics/get-history-bulk
            GET /get-trace-artifact
            POST /experiments/search-datasets
        """,
        _AJAX_V3: """
            GET /get-trace-artifact
            GET /ui-telemetry
        """,
    },
    WRITE: {
        "": "POST /v1/traces",
        _V2: """
            POST /experiments/create
            POST /experiments/update
            POST /experiments/restore
            POST /experiments/set-experiment-tag
            POST /experiments/delete-experiment-tag
            POST /runs/create
            POST /runs/update
            POST /runs/restore
            POST /runs/set-tag
            POST /runs/delete-tag
            POST /runs/log-batch
            POST /runs/log-inputs
            POST /runs/log-metric
            POST /runs/log-model
            POST /runs/log-parameter
            POST /runs/outputs
            POST /logged-models
            PATCH /logged-models/{id}
            POST /logged-models/{id}/params
            PATCH /logged-models/{id}/tags
            DELETE /logged-models/{id}/tags/{key}
            POST /traces
            PATCH /traces/{id}
            PATCH,DELETE /traces/{id}/tags
            POST /traces/link-prompts
            POST /traces/link-to-run
        """,
        _V3: """
            POST /traces
            PATCH,DELETE /traces/{id}/tags
            POST /traces/{id}/assessments
            PATCH /traces/{id}/assessments/{assessment}
            POST /datasets/create
            POST /datasets/{id}/add-experiments
            POST /datasets/{id}/remove-experiments
            POST /datasets/{id}/records
            PATCH /datasets/{id}/tags
            DELETE /datasets/{id}/tags/{key}
            POST /issues
            PATCH /issues/{id}
            POST /label-schemas/create
            PATCH /label-schemas/update
            POST /review-queues/create
            POST /review-queues/update
            POST /review-queues/get-or-create-user
            POST /review-queues/items/add
            POST /review-queues/items/remove
            POST /review-queues/items/set-status
            POST /scorers/register
        """,
    },
    ARTIFACTS_READ: {
        "": """
            GET /get-artifact
            GET /model-versions/get-artifact
        """,
        _V2: """
            GET /artifacts/list
            POST /artifacts/presigned-download-url
            GET /logged-models/{id}/artifacts/directories
        """,
        _FILES: """
            GET /artifacts
            GET /artifacts/{path*}
            GET /presigned/{path*}
        """,
        _AJAX_V2: "GET /logged-models/{id}/artifacts/files",
    },
    ARTIFACTS_WRITE: {
        _V2: "POST /artifacts/presigned-upload-url",
        _FILES: """
            PUT /artifacts/{path*}
            POST /mpu/create/{path*}
            POST /mpu/complete/{path*}
            POST /mpu/abort/{path*}
        """,
        _AJAX_V2: "POST /upload-artifact",
    },
    REGISTRY: {
        _V2: """
            PATCH /registered-models/update
            POST /registered-models/set-tag
            DELETE /registered-models/delete-tag
            PATCH /model-versions/update
            POST /model-versions/set-tag
            DELETE /model-versions/delete-tag
            POST /model-versions/transition-stage
        """,
    },
    DELETE: {
        _V2: """
            POST /experiments/delete
            POST /runs/delete
            DELETE /logged-models/{id}
            DELETE /registered-models/delete
            DELETE /model-versions/delete
            POST /traces/delete-traces
        """,
        _V3: """
            POST /traces/delete-traces
            DELETE /traces/{id}/assessments/{assessment}
            DELETE /datasets/{id}
            DELETE /datasets/{id}/records
            DELETE /label-schemas/delete
            POST /review-queues/delete
            DELETE /scorers/delete
        """,
        _FILES: "DELETE /artifacts/{path*}",
    },
    ADMIN: {
        _V2: """
            GET,POST /webhooks
            GET,PATCH,DELETE /webhooks/{id}
            POST /webhooks/{id}/test
        """,
        _V3: f"""
            GET,POST /workspaces
            GET,PATCH,DELETE /workspaces/{{name}}
            {_ANY} /gateway/{{path*}}
            GET,POST /mcp-servers
            {_ANY} /mcp-servers/{{path*}}
            POST /prompt-optimization/jobs
            DELETE /prompt-optimization/jobs/{{id}}
            POST /prompt-optimization/jobs/{{id}}/cancel
            PUT /scorers/online-config
        """,
        _AJAX_V2: """
            GET,POST /gateway-proxy
            POST /runs/create-promptlab-run
        """,
        _AJAX_V3: f"""
            {_ANY} /assistant/{{path*}}
            GET /jobs/{{id}}
            PATCH /jobs/cancel/{{id}}
            POST /demo/delete
            POST /demo/generate
            POST /genai/evaluate/invoke
            POST /issues/invoke
            POST /scorer/invoke
        """,
        "/ajax-api/3.0/jobs": """
            POST /
            POST /search
            GET /{id}
            PATCH /cancel/{id}
        """,
    },
}
_CHECKED = (
    ProxyRoute("POST", f"{_V2}/registered-models/create", (), BodyCheck.REGISTER),
    ProxyRoute("POST", f"{_V2}/model-versions/create", (), BodyCheck.REGISTER),
    ProxyRoute("POST", f"{_V2}/registered-models/alias", (), BodyCheck.ALIAS),
    ProxyRoute("DELETE", f"{_V2}/registered-models/alias", (), BodyCheck.ALIAS),
    ProxyRoute(
        "POST", f"{_V2}/registered-models/rename", (REGISTRY,), BodyCheck.RENAME
    ),
    # MLflow reads the body of a GET too.
    ProxyRoute("GET", "/graphql", (READ,), BodyCheck.GRAPHQL),
    ProxyRoute("POST", "/graphql", (READ,), BodyCheck.GRAPHQL),
)
# Routes of MLflow that are not forwarded, with the reason.
NOT_FORWARDED: Mapping[str, str] = {
    "/health": "the service has a route of this name",
    "/build/{path*}": "a second address of the static files",
    "/gateway/{path*}": "the gateway spends money of its providers",
    "/ajax-api/3.0/mlflow/ui-telemetry": "usage data leave the platform",
    "/api/2.0mlflow/experiments/search-datasets": "MLflow does not implement it",
    "/ajax-api/2.0mlflow/experiments/search-datasets": "MLflow does not implement it",
}
_API, _AJAX = "/api/", "/ajax-api/"


def proxy_routes() -> tuple[ProxyRoute, ...]:
    """Return every route of the table; those of browsers only where they differ."""
    return (*_CHECKED, *_listed())


def route_of(method: str, path: str) -> ProxyRoute | None:
    """Return the route of a request; None if it is not forwarded.

    Args:
        method: HTTP method, in upper case.
        path: Path at MLflow, decoded once.
    """
    method = "GET" if method == "HEAD" else method
    found = _match(method, path)
    if found is None and path.startswith(_AJAX):
        found = _match(method, _API + path.removeprefix(_AJAX))
    return found


def _match(method: str, path: str) -> ProxyRoute | None:
    exact = _exact().get((method, path))
    if exact is not None:
        return exact
    for pattern, route in _patterns():
        if route.method == method and pattern.fullmatch(path):
            return route
    return None


def _listed() -> Iterator[ProxyRoute]:
    for scope, prefixes in _TABLE.items():
        if scope not in ACTIONS:
            msg = f"{scope} is no scope"
            raise ValueError(msg)
        for prefix, lines in prefixes.items():
            for line in lines.strip().splitlines():
                methods, _, rest = line.strip().partition(" ")
                for method in methods.split(","):
                    yield ProxyRoute(method, prefix + rest, (scope,))


@cache
def _exact() -> Mapping[tuple[str, str], ProxyRoute]:
    return {
        (route.method, route.template): route
        for route in proxy_routes()
        if "{" not in route.template
    }


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], ProxyRoute], ...]:
    return tuple(
        (_pattern(route.template), route)
        for route in proxy_routes()
        if "{" in route.template
    )


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[a-z]+\*?\})", template)
    return re.compile("".join(map(_part, parts)))


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return "(?s:.+)" if part.endswith("*}") else "[^/]+"
