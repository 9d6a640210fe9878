"""Refusals of the proxy: no request of these reaches MLflow.

The server is a closed port, so that a permitted request is answered with 503.
"""

import asyncio
import json
from base64 import b64encode
from functools import cache

import httpx
import pytest

from controller.api.auth.request_limits import RequestLimits
from controller.api.auth.requirements import SCOPES_FIELD
from controller.core.access.rate import RequestClass, rate
from controller.core.proxy.request_body import LONGEST_BODY
from tests.builders.mlflow_proxy import proxy_app

CLOSED = "http://127.0.0.1:1"
V2 = "/api/2.0/mlflow"
KEYS = {
    "k-admin": ("admin",),
    "k-read": ("mlflow:read",),
    "k-write": ("mlflow:write",),
    "k-registry": ("mlflow:registry:write", "!alias:model/*@production"),
    "k-leads": ("register:model/leads", "alias:model/leads@dev-*"),
    "k-delete": ("mlflow:delete",),
    "k-none": ("status:read",),
}


@cache
def application():
    return proxy_app(CLOSED, KEYS)


def ask(method, path, key="k-admin", body=None, served=application, **headers):
    async def asking():
        app, upstream = served()
        transport = httpx.ASGITransport(app)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"authorization": f"Bearer {key}"} if key else {}
        content = json.dumps(body) if isinstance(body, dict) else body
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as c:
            answer = await c.request(method, path, headers=named, content=content)
        await upstream.close()
        return answer

    return asyncio.run(asking())


@pytest.mark.parametrize(
    ("key", "method", "path", "status"),
    [
        ("k-read", "GET", f"{V2}/runs/get", 503),
        ("k-read", "POST", f"{V2}/runs/search", 503),
        ("k-read", "POST", f"{V2}/runs/create", 403),
        ("k-read", "GET", "/api/2.0/mlflow-artifacts/artifacts/a", 403),
        ("k-write", "POST", f"{V2}/runs/create", 503),
        ("k-write", "POST", f"{V2}/runs/delete", 403),
        ("k-delete", "POST", f"{V2}/runs/delete", 503),
        ("k-write", "GET", f"{V2}/webhooks", 403),
        ("k-admin", "GET", f"{V2}/webhooks", 503),
        ("k-none", "GET", "/version", 403),
        ("k-read", "GET", "/version", 503),
        ("k-read", "GET", "/api/mlflow/api/2.0/mlflow/runs/get", 503),
        ("k-read", "GET", "/mlflow/version", 503),
        ("k-admin", "GET", f"{V2}/unknown", 404),
        ("k-admin", "GET", "/api/2.0/mlflow-other/runs", 404),
        ("k-admin", "POST", "/gateway/openai/v1/responses", 404),
        ("k-admin", "GET", "/", 404),
        (None, "GET", f"{V2}/unknown", 401),
        ("k-unknown", "GET", f"{V2}/runs/get", 401),
    ],
)
def test_a_key_may_do_as_its_scopes_say(key, method, path, status):
    assert ask(method, path, key).status_code == status


@pytest.mark.parametrize(
    ("key", "method", "path", "body", "status"),
    [
        ("k-registry", "POST", "registered-models/alias", ("leads", "staging"), 503),
        ("k-registry", "POST", "registered-models/alias", ("leads", "production"), 403),
        ("k-registry", "DELETE", "registered-models/alias", ("a", "production"), 403),
        ("k-leads", "POST", "registered-models/alias", ("leads", "dev-1"), 503),
        ("k-leads", "POST", "registered-models/alias", ("leads", "staging"), 403),
        ("k-leads", "POST", "registered-models/alias", ("other", "dev-1"), 403),
        ("k-leads", "POST", "model-versions/create", ("leads", ""), 503),
        ("k-leads", "POST", "model-versions/create", ("other", ""), 403),
        ("k-leads", "POST", "registered-models/create", ("leads", ""), 503),
        ("k-leads", "POST", "registered-models/rename", ("leads", ""), 403),
        ("k-registry", "POST", "registered-models/rename", ("leads", ""), 503),
        ("k-write", "POST", "model-versions/create", ("leads", ""), 403),
    ],
)
def test_a_key_may_write_the_models_that_its_scopes_name(
    key, method, path, body, status
):
    name, alias = body
    sent = {"name": name, "alias": alias, "new_name": "renamed", "version": "1"}

    assert ask(method, f"{V2}/{path}", key, sent).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"name":"leads","alias":"dev","alias":"production"}',
        json.dumps({"name": "leads", "alias": "production"}).encode("utf-16"),
    ],
)
def test_a_body_that_hides_the_alias_is_refused(body):
    answer = ask("POST", f"{V2}/registered-models/alias", "k-registry", body)

    assert answer.status_code == 400


def test_the_query_of_an_alias_is_no_name():
    path = f"{V2}/registered-models/alias?name=leads&alias=dev"

    assert ask("DELETE", path, "k-registry", b"").status_code == 400


def test_a_body_that_is_too_long_to_be_read_is_refused():
    body = b'{"name": "' + b"x" * LONGEST_BODY + b'"}'

    answer = ask("POST", f"{V2}/model-versions/create", body=body)

    assert answer.status_code == 413


def test_a_compressed_body_is_refused():
    body = {"name": "leads"}

    answer = ask("POST", f"{V2}/model-versions/create", body=body, content_encoding="x")

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [("query { a }", 503), ("mutation { a }", 403), ("query {", 400)],
)
def test_a_graphql_mutation_is_a_write(query, status):
    answer = ask("POST", "/graphql", "k-read", {"query": query})

    assert answer.status_code == status


def test_a_workspace_of_mlflow_requires_the_administrator():
    path = f"{V2}/runs/get"

    assert ask("GET", path, "k-read", x_mlflow_workspace="other").status_code == 403
    assert ask("GET", path, "k-admin", x_mlflow_workspace="other").status_code == 503


@pytest.mark.parametrize(
    ("key", "path", "status", "code"),
    [
        (None, f"{V2}/runs/get", 401, "UNAUTHENTICATED"),
        ("k-none", f"{V2}/runs/get", 403, "PERMISSION_DENIED"),
        ("k-admin", f"{V2}/unknown", 404, "ENDPOINT_NOT_FOUND"),
        ("k-admin", f"{V2}/runs/get", 503, "TEMPORARILY_UNAVAILABLE"),
    ],
)
def test_a_refusal_is_a_problem_that_mlflow_s_client_shows(key, path, status, code):
    answer = ask("GET", path, key, x_request_id="r-1")

    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "r-1"
    assert (problem["status"], problem["error_code"]) == (status, code)
    assert problem["message"] == problem["detail"]
    assert ("retry-after" in answer.headers) == (status == 503)


def test_a_refusal_for_scope_names_it():
    answer = ask("POST", f"{V2}/runs/create", "k-read")

    assert 'scope="mlflow:write"' in answer.headers["www-authenticate"]


def test_a_browser_is_asked_for_a_password_at_the_page_only():
    page = ask("GET", "/", None, host="registry.hokus.ai")
    other = ask("GET", f"{V2}/runs/get", None)

    assert page.headers["www-authenticate"].startswith("Basic ")
    assert other.headers["www-authenticate"] == "Bearer"


def test_the_page_is_served_at_its_host():
    assert ask("GET", "/", host="registry.hokus.ai").status_code == 503


def test_a_password_that_a_page_of_another_site_sends_is_refused():
    password = f"Basic {b64encode(b'me:k-admin').decode()}"
    path = f"{V2}/runs/create"

    def status(origin):
        sent = ask("POST", path, None, authorization=password, origin=origin)
        return sent.status_code

    assert status("https://evil.example") == 403
    assert status("null") == 403
    assert status("http://api") == 503


def test_each_route_lists_its_scopes():
    app, _ = application()
    paths = app.openapi()["paths"]

    assert paths["/api/2.0/mlflow/{path}"]["post"][SCOPES_FIELD]
    assert paths["/"]["get"][SCOPES_FIELD] == ["mlflow:read"]
    assert len([p for p in paths if "mlflow" in p]) < 10


@pytest.mark.parametrize(
    ("limited", "method", "path"),
    [
        ("mlflow-read", "GET", f"{V2}/runs/get"),
        ("mlflow-write", "POST", f"{V2}/runs/create"),
        ("artifacts", "GET", "/api/2.0/mlflow-artifacts/artifacts/a"),
    ],
)
def test_requests_are_limited_by_their_class(limited, method, path):
    limits = RequestLimits({RequestClass(limited): rate("1/d")})
    served = cache(lambda: proxy_app(CLOSED, KEYS, limits=limits))

    statuses = [ask(method, path, served=served).status_code for _ in range(2)]
    refused = ask(method, path, served=served)
    other = ask("GET", "/version", "k-read", served=served)

    assert statuses == [503, 429]
    assert refused.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert int(refused.headers["retry-after"]) >= 1
    assert other.status_code != 429
