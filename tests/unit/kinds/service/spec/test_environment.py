"""Checks without AWS: names, types, addresses, certificates, open routes."""

import pytest

from controller.core.errors import SpecError
from controller.kinds.service.spec.environment import (
    ExpectedType,
    contradictions,
    misfit,
    parsed_type,
    private_address,
)
from tests.builders.documents import document

MLFLOW_HOST = "mlflow.hokusai-development.local:5000"


def told(*lines, name="api", image="hokusai/api:1"):
    """Return what is said of a document with one service."""
    body = "".join(f"    {line}\n" for line in lines)
    try:
        document(f"services:\n  {name}:\n    image: {image}\n{body}")
    except SpecError as error:
        return [f"{d.path}: {d.problem}" for d in error.diagnostics]
    return []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("any", ExpectedType("any")),
        ("url(http, https)", ExpectedType("url", ("http", "https"))),
        ("url( http )", ExpectedType("url", ("http",))),
        ("enum(platform,website)", ExpectedType("enum", ("platform", "website"))),
        ("host in namespace", ExpectedType("host in namespace")),
        ("url", None),
        ("int(3)", None),
        ("enum()", None),
        ("number", None),
    ],
)
def test_a_type_is_read_as_it_is_written(written, meant):
    assert parsed_type(written) == meant


@pytest.mark.parametrize(
    ("type_", "value", "fits"),
    [
        ("any", "", True),
        ("int", "-5432", True),
        ("int", "5432x", False),
        ("bool", "True", True),
        ("bool", "yes", False),
        ("enum(platform, website)", "platform", True),
        ("enum(platform, website)", "ml-platform", False),
        ("port", "65535", True),
        ("port", "65536", False),
        ("port", "0", False),
        ("url(http, https)", "https://auth.hokus.ai", True),
        ("url(http, https)", "auth.hokus.ai", False),
        ("url(https)", "http://auth.hokus.ai", False),
        ("url(redis)", "redis://", False),
        ("url(http)", "http://[::1", False),
        ("url(http)", "http://a:99999", False),
        ("host", "redis.hokusai", True),
        ("host", "redis://redis", False),
        ("host", "redis:6379", False),
        ("host in namespace", "mlflow.hokusai-development.local", True),
        ("host in namespace", "mlflow.hokusai.local", False),
    ],
)
def test_a_value_is_of_a_type_or_not(type_, value, fits):
    why = misfit(value, parsed_type(type_), "hokusai-development.local")

    assert (why == "") == fits
    assert not why or why.startswith("must be ")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("10.0.1.173", "10.0.1.173"),
        ("http://10.0.1.173:5000/x", "10.0.1.173"),
        ("redis://172.16.0.9/1", "172.16.0.9"),
        ("172.31.255.1", "172.31.255.1"),
        ("a,192.168.1.1,b", "192.168.1.1"),
        ("172.32.0.1", ""),
        ("127.0.0.1", ""),
        ("0.0.0.0", ""),  # noqa: S104 - nothing binds to it
        ("110.0.1.2", ""),
        ("1.10.0.1.2", ""),
        ("version-10.0.1", ""),
        ("10.0.0.0/16", ""),
        ("10.*", ""),
    ],
)
def test_a_private_address_is_seen_wherever_it_hides(value, address):
    assert private_address(value) == address


def test_names_for_one_setting_must_agree():
    environment = {
        "DATABASE_HOST": "a",
        "DB_HOST": "b",
        "DB_NAME": "same",
        "DATABASE_NAME": "same",
        "MLFLOW_SERVER_URL": "http://x",
        "MLFLOW_TRACKING_URI": "https://x",
        "DATABASE_POOL": "1",
        "DB_POOL": "2",
    }

    assert [*contradictions(environment)] == [
        ("DATABASE_HOST", "DB_HOST"),
        ("MLFLOW_SERVER_URL", "MLFLOW_TRACKING_URI"),
    ]


def test_everything_that_is_wrong_is_told_at_once():
    found = told(
        "environment: {DB_HOST: a, DATABASE_HOST: b, FALLBACK: 10.0.1.173, DB_PORT: x}",
        "requires: {DB_PORT: int, AUTH_SERVICE_ID: any, 'REDIS_HOST|REDIS_URL': host}",
        "tls: {client: true}",
    )

    paths = [line.partition(": ")[0].removeprefix("services.api.") for line in found]
    assert sorted(paths) == [
        "environment.DB_HOST",
        "environment.DB_PORT",
        "environment.FALLBACK",
        "requires.AUTH_SERVICE_ID",
        "requires.REDIS_HOST|REDIS_URL",
        "secrets",
        "secrets",
        "secrets",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            ("requires: {DB_PORT: int}", "secrets: {DB_PORT: {ssm: /a/b}}"),
            id="a secret is only there or not",
        ),
        pytest.param(
            ("requires: {'DB_HOST|DATABASE_HOST': host}",
             "environment: {DATABASE_HOST: db}"),
            id="one of several names is enough",
        ),
        pytest.param(
            ("requires: {M: host in namespace}",
             "environment: {M: mlflow.hokusai-development.local}"),
            id="a host in the namespace",
        ),
        pytest.param(
            ("tls: {server: true, authority: A, server_key: K, server_certificate: C}",
             "secrets: {A: {ssm: /a}, C: {ssm: /b}, K: {ssm: /c}}"),
            id="a server's certificates",
        ),
        pytest.param(
            ("desired_count: 4", "deployment: {maximum_percent: 125}"),
            id="room for one more",
        ),
    ],
)  # fmt: skip
def test_what_fits_is_no_mistake(lines):
    assert told(*lines) == []


@pytest.mark.parametrize(
    ("lines", "path", "part"),
    [
        (("requires: {DB_PORT: number}",), "requires.DB_PORT", "is not a type"),
        (("requires: {'a-b': int}",), "requires.a-b", "as a name must be the name"),
        (
            ("requires: {'DB_HOST': host}", "environment: {DATABASE_HOST: db}"),
            "requires.DB_HOST",
            "is required",
        ),
        (
            ("requires: {M: host in namespace}", "environment: {M: mlflow.local}"),
            "environment.M",
            "must be a host that ends in .hokusai-development.local",
        ),
        (
            ("desired_count: 3", "deployment: {maximum_percent: 125}"),
            "deployment",
            "leaves no room to replace a task: of 3, at least 3",
        ),
        (
            ("port: 1", "routes: [{host: a}]", "health: {path: /, start_period: 180}"),
            "health.grace",
            "is 120 s, less than start_period",
        ),
        (("connects: [{to: service/none}]",), "connects[0].to", "not declared"),
        (("connects: [{redis: a, bucket: abc}]",), "connects[0]", "exactly one target"),
        (("connects: [{bucket: abc, port: 1}]",), "connects[0].port", "does not apply"),
        (
            (
                "environment: {MLFLOW_SERVER_URL: 'http://m'}",
                "tls: {client: true, authority: A, client_certificate: A, client_key: A}",
                "secrets: {A: {ssm: /a}}",
            ),
            "environment.MLFLOW_SERVER_URL",
            "uses http",
        ),
    ],
)
def test_a_mistake_is_told_with_its_path(lines, path, part):
    (found,) = told(*lines)

    assert found.startswith(f"services.api.{path}: ")
    assert part in found


def mlflow(*lines, **more):
    return told("port: 5000", *lines, name="mlflow", image="hokusai/mlflow:3", **more)


def test_a_route_to_mlflow_states_why_it_has_no_authentication():
    (found,) = mlflow("routes: [{host: registry.hokus.ai, path: '/mlflow/*'}]")

    assert found.startswith("services.mlflow.routes[0]: exposes MLflow")
    assert mlflow("routes: [{host: a, unauthenticated: a demonstration}]") == []
    assert mlflow("routes: [{host: a}]", "authenticates: true") == []
    assert told("port: 80", "routes: [{host: a}]") == []


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        ("*", []),
        (f"{MLFLOW_HOST},localhost:5000", []),
        ("mlflow.hokusai-development.local:*, localhost:*", []),
        ("mlflow.hokusai-development.local,localhost:*", [MLFLOW_HOST]),
        ("mlflow.hokusai-development.local", [MLFLOW_HOST, "localhost:5000"]),
    ],
)
def test_mlflow_allows_its_own_names_and_ports(allowed, refused):
    found = mlflow(
        "discovery: mlflow",
        f'environment: {{MLFLOW_SERVER_ALLOWED_HOSTS: "{allowed}"}}',
        "health: {path: /api/health}",
    )

    hosts = [line.partition("does not allow ")[2].partition(",")[0] for line in found]
    assert sorted(hosts) == sorted(refused)


def test_mlflow_answers_its_health_page_to_any_host():
    environment = f'environment: {{MLFLOW_SERVER_ALLOWED_HOSTS: "{MLFLOW_HOST}"}}'

    assert mlflow("discovery: mlflow", environment, "health: {path: /health}") == []


def test_a_connection_to_a_service_waits_for_nothing():
    body = (
        "  api: {image: a, connects: [{to: services/mlflow}]}\n  mlflow: {image: b}\n"
    )

    resources = document("services:\n" + body).resources

    assert {r.depends_on for r in resources.values()} == {frozenset()}
