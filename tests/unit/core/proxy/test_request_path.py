"""Paths that are forwarded as they are, and those that are refused."""

import pytest

from controller.core.proxy.request_path import (
    PathRefusedError,
    UnlistedRouteError,
    proxy_target,
)

GET = b"/api/2.0/mlflow/runs/get"
FILES = b"/api/2.0/mlflow-artifacts/artifacts/"
PREFIXES = ("/api/mlflow", "/mlflow")


@pytest.mark.parametrize(
    ("raw", "query"),
    [
        (GET, b"run_id=1&run_id=2&x=%2F..&y="),
        (FILES + b"1/a%20b+%25%C3%A9.txt", b""),
        (FILES + b"1/a%2Fb", b""),
        (FILES + b"1/a..b/...", b""),
        (FILES + b"1/a%2520b", b""),
    ],
)
def test_bytes_are_forwarded_as_received(raw, query):
    target = proxy_target("GET", raw, query)

    assert (target.raw, target.query) == (raw, query)


@pytest.mark.parametrize("prefix", [b"/api/mlflow", b"/mlflow"])
def test_a_prefix_of_this_service_is_removed(prefix):
    assert proxy_target("GET", prefix + GET, b"", PREFIXES).raw == GET
    assert proxy_target("GET", prefix + b"/", b"", PREFIXES).route.template == "/"


def test_a_prefix_is_removed_once():
    with pytest.raises(UnlistedRouteError):
        proxy_target("GET", b"/mlflow/mlflow" + GET, b"", PREFIXES)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"api/2.0/mlflow/runs/get",
        b"http://other" + GET,
        b"/api/2.0/mlflow/x/../runs/get",
        b"/api/2.0/mlflow/x/%2e%2e/runs/get",
        b"/api/2.0/mlflow/./runs/get",
        b"/api/2.0//mlflow/runs/get",
        b"/api/2.0/mlflow%2fruns/get",
        b"/api/2.0/mlflow/runs/get%00",
        b"/api/2.0/mlflow/runs/get%0a",
        b"/api/2.0/mlflow/runs\\get",
        b"/api/2.0/mlflow/runs/get#/x",
        b"/api/2.0/mlflow/runs/g%zzet",
        b"/api/2.0/mlflow/runs/\xc3\xa9",
        b"/api/2.0/mlflow/logged-models/a%2Fb",
        b"/api/2.0/mlflow/logged-models/a%5Cb",
        FILES + b"1/../2/a",
        FILES + b"1/%2e%2e/2/a",
        FILES + b"1/..%2f2/a",
        FILES + b"1/..%5c2/a",
        FILES + b"1/%252e%252e/2/a",
        FILES + b"1/%25252e%25252e%25252f2",
        FILES + b"1//a",
        FILES + b"1/%2fa",
        FILES + b"1/%ff",
        FILES + b"%25252525252525252525252e",
    ],
)
def test_a_path_with_two_readings_is_refused(raw):
    with pytest.raises((PathRefusedError, UnlistedRouteError)):
        proxy_target("GET", raw, b"", PREFIXES)


@pytest.mark.parametrize("query", [b"a#b", b"a b", b"\xc3\xa9", b"a\n"])
def test_a_query_with_other_characters_is_refused(query):
    with pytest.raises(PathRefusedError):
        proxy_target("GET", GET, query)
