"""The table of routes, compared with those of the MLflow that is installed."""

import json
import os
import re
import subprocess
import sys

import pytest

from controller.core.proxy.route_table import NOT_FORWARDED, proxy_routes, route_of

# Both halves of MLflow's server: the Flask application and the FastAPI routers.
LISTING = """
import json
from fastapi.routing import iter_route_contexts
from mlflow.server import app as flask_app
from mlflow.server.fastapi_app import app

found = {(m, r.rule) for r in flask_app.url_map.iter_rules() for m in r.methods}
for context in iter_route_contexts(app.routes):
    found |= {(method, context.path) for method in context.methods or ()}
print(json.dumps(sorted(found)))
"""
# Answered by every server, without an effect.
GENERIC = {"OPTIONS", "HEAD"}
PARAMETER = re.compile(r"<(?:(path):)?\w+>|\{\w+(?::(path))?\}")


@pytest.fixture(scope="module")
def routes():
    """Return the methods and paths of MLflow, with examples for parameters."""
    environ = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LISTING],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = json.loads(ran.stdout.splitlines()[-1])
    return [(m, PARAMETER.sub(example, path)) for m, path in listed if m not in GENERIC]


def example(parameter):
    return "a/b" if "path" in parameter.groups() else "a"


def is_refused_by_name(path):
    return any(
        path.startswith(refused.removesuffix("{path*}"))
        if refused.endswith("{path*}")
        else path == refused
        for refused in NOT_FORWARDED
    )


def test_each_route_of_mlflow_is_forwarded_or_refused_by_name(routes):
    unclassified = [
        (method, path)
        for method, path in routes
        if route_of(method, path) is None and not is_refused_by_name(path)
    ]

    assert ("GET", "/ajax-api/3.0/mlflow/mcp-servers/a/b") in routes
    assert unclassified == []


def test_no_route_is_both_forwarded_and_refused(routes):
    both = [
        (method, path)
        for method, path in routes
        if route_of(method, path) is not None and is_refused_by_name(path)
    ]

    assert set(both) <= {("GET", "/ajax-api/3.0/mlflow/ui-telemetry")}


def test_the_table_has_no_route_that_mlflow_lacks(routes):
    served = {
        route
        for method, path in routes
        if (route := route_of(method, path)) is not None
    }
    wide = ("/gateway/{path*}", "/mcp-servers/{path*}", "/assistant/{path*}")

    unserved = {
        route
        for route in proxy_routes()
        if route not in served and not route.template.endswith(wide)
    }

    assert unserved == set()
