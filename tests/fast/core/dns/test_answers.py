"""Hosts, ports and literal addresses."""

import pytest

from controller.core.dns.answers import canonical_host, literal_addresses, split_port


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mlflow", ("mlflow", None)),
        ("mlflow:5000", ("mlflow", 5000)),
        ("10.0.0.1:80", ("10.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
        ("[::1]", ("::1", None)),
        ("::1", ("::1", None)),
    ],
)
def test_a_host_and_its_port_are_told_apart(text, expected):
    assert split_port(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":80", "a:", "a:0", "a:65536", "a:x", "[::1", "[::1]80"]
)
def test_a_malformed_port_is_refused(text):
    with pytest.raises(ValueError, match=r"port|host|address"):
        split_port(text)


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("10.0.0.1", ("10.0.0.1",)),
        ("[2001:DB8::1]", ("2001:db8::1",)),
        ("[::1]:5000", ("::1",)),
        ("10.0.0.1:5000", ("10.0.0.1",)),
        ("LOCALHOST.", ("127.0.0.1",)),
        ("mlflow.internal", ()),
    ],
)
def test_a_literal_address_needs_no_dns(host, addresses):
    assert literal_addresses(host) == addresses


def test_the_same_host_has_one_spelling():
    assert canonical_host("[::1]") == "::1"
    assert canonical_host("MLflow.Internal.") == "mlflow.internal"
    assert canonical_host("MLflow.Internal:5000") == "mlflow.internal"
