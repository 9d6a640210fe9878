"""The closed table of routes."""

import pytest

from controller.core.access.scopes import ACTIONS
from controller.core.proxy.route_table import BodyCheck, proxy_routes, route_of

V2 = "/api/2.0/mlflow"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/", "mlflow:read"),
        ("HEAD", f"{V2}/runs/get", "mlflow:read"),
        ("POST", f"{V2}/runs/search", "mlflow:read"),
        ("POST", f"{V2}/runs/create", "mlflow:write"),
        ("POST", f"{V2}/runs/delete", "mlflow:delete"),
        ("POST", "/v1/traces", "mlflow:write"),
        ("POST", "/api/3.0/mlflow/traces/search", "mlflow:read"),
        ("GET", "/api/3.0/mlflow/traces/tr-1", "mlflow:read"),
        ("POST", "/ajax-api/2.0/mlflow/runs/search", "mlflow:read"),
        ("POST", "/ajax-api/2.0/mlflow/upload-artifact", "mlflow:artifacts:write"),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts/1/a/b c", "mlflow:artifacts:read"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/a", "mlflow:artifacts:write"),
        ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/1/a", "mlflow:delete"),
        ("POST", f"{V2}/model-versions/set-tag", "mlflow:registry:write"),
        ("GET", f"{V2}/webhooks", "mlflow:admin"),
        ("GET", "/api/3.0/mlflow/gateway/secrets/list", "mlflow:admin"),
        ("POST", "/ajax-api/3.0/jobs/", "mlflow:admin"),
    ],
)
def test_a_route_requires_its_scope(method, path, scope):
    route = route_of(method, path)

    assert route is not None
    assert route.scopes == (scope,)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{V2}/runs/get"),
        ("OPTIONS", f"{V2}/runs/get"),
        ("GET", f"{V2}/runs/get/"),
        ("GET", f"{V2}/runs/get\n"),
        ("GET", f"{V2}/unknown"),
        ("GET", "/api/2.0/mlflow/logged-models/a/b"),
        ("GET", "/api/2.0/preview/mlflow/runs/get"),
        ("POST", "/gateway/openai/v1/responses"),
        ("POST", "/api/3.0/jobs/search"),
        ("GET", "/ajax-api//2.0/mlflow/runs/get"),
    ],
)
def test_anything_else_is_not_forwarded(method, path):
    assert route_of(method, path) is None


def test_each_route_requires_a_known_scope_or_one_of_its_body():
    for route in proxy_routes():
        assert set(route.scopes) <= set(ACTIONS)
        assert route.scopes or route.check


def test_no_route_is_listed_twice():
    routes = [(route.method, route.template) for route in proxy_routes()]

    assert len(routes) == len(set(routes))


def test_graphql_is_checked_whatever_the_method():
    for method in ("GET", "POST"):
        route = route_of(method, "/graphql")
        assert route is not None
        assert route.check is BodyCheck.GRAPHQL
