"""Connections to the resolved address of a name."""

from collections.abc import Callable

import httpx
import pytest

from controller.clients.http import http_client
from controller.core.errors import NotFoundError
from controller.resolver.httpx_transport import ResolverTransport
from controller.resolver.names import FixedNames


def client(
    answer: Callable[[httpx.Request], httpx.Response], *addresses: str
) -> httpx.Client:
    transport = ResolverTransport(
        FixedNames(addresses), lambda: httpx.MockTransport(answer)
    )
    return httpx.Client(transport=transport)


def test_the_name_stays_in_the_host_header_and_in_sni():
    requests = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append((request.url.host, request.headers["host"], request.extensions))
        return httpx.Response(200)

    with client(answer, "10.0.1.42") as http:
        http.get("https://mlflow.internal:5000/health")

    host, header, extensions = requests[0]
    assert host == "10.0.1.42"
    assert header == "mlflow.internal:5000"
    assert extensions["sni_hostname"] == "mlflow.internal"


def test_the_next_address_is_tried_when_one_refuses():
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "10.0.0.1":
            message = "refused"
            raise httpx.ConnectError(message)
        return httpx.Response(200, text=request.url.host)

    with client(answer, "10.0.0.1", "10.0.0.2") as http:
        assert http.get("http://mlflow.internal/").text == "10.0.0.2"


def test_a_name_without_addresses_cannot_be_connected_to():
    with (
        client(lambda _: httpx.Response(200)) as http,
        pytest.raises(httpx.ConnectError, match=r"mlflow\.internal has no address"),
    ):
        http.get("http://mlflow.internal/")


def test_a_name_that_does_not_exist_is_a_connection_error():
    class Nowhere(FixedNames):
        def resolve(self, host):
            message = f"{host} does not resolve"
            raise NotFoundError(message)

    transport = ResolverTransport(Nowhere(()))

    with (
        httpx.Client(transport=transport) as http,
        pytest.raises(httpx.ConnectError, match="does not resolve"),
    ):
        http.get("http://mlflow.internal/")


def test_a_sent_request_is_not_repeated_at_another_address():
    def answer(request: httpx.Request) -> httpx.Response:
        message = f"no answer from {request.url.host}"
        raise httpx.ReadTimeout(message)

    with (
        client(answer, "10.0.0.1", "10.0.0.2") as http,
        pytest.raises(httpx.ReadTimeout, match=r"10\.0\.0\.1"),
    ):
        http.post("http://mlflow.internal/")


def test_redirects_are_not_followed():
    with http_client("http://127.0.0.1:1") as http:
        assert http.follow_redirects is False
