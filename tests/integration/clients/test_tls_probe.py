"""Probes of real TLS servers: chain, name, validity, version, and plain servers."""

import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import trustme

from controller.clients.probe import Probe

AUTHORITY = trustme.CA()
ADDRESS = "127.0.0.1"


@contextmanager
def tls_server(name="mlflow.test", authority=AUTHORITY, newest=None, **certificate):
    """Serve TLS with a certificate for ``name``; yield the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **certificate).configure_cert(context)
    if newest:
        context.maximum_version = newest
    with server(lambda connection: context.wrap_socket(connection, True)) as port:
        yield port


@contextmanager
def server(answer):
    """Accept connections and hand each to ``answer``; yield the port."""
    listener = socket.create_server((ADDRESS, 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                answer(connection).close()
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def trusting(authority=AUTHORITY):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def handshake(port, host="mlflow.test", context=None):
    return Probe().handshake(host, ADDRESS, port, context or trusting())


def test_a_valid_certificate_has_an_end_a_version_and_an_issuer():
    ends = datetime(2050, 1, 2, 3, 4, 5, tzinfo=UTC)

    with tls_server(not_after=ends) as port:
        found = handshake(port)

    assert found.problem == ""
    assert found.certificate.expires == ends
    assert found.certificate.version == "1.3"
    assert found.certificate.issuer.startswith("trustme")


def test_the_version_of_an_older_server_is_known():
    with tls_server(newest=ssl.TLSVersion.TLSv1_2) as port:
        assert handshake(port).certificate.version == "1.2"


@pytest.mark.parametrize(
    ("server_fields", "host", "context", "problem"),
    [
        ({}, "api.test", trusting(), "Hostname mismatch"),
        (
            {"authority": trustme.CA()},
            "mlflow.test",
            trusting(),
            "unable to get local issuer",
        ),
        (
            {
                "not_before": datetime(2020, 1, 1, tzinfo=UTC),
                "not_after": datetime(2020, 2, 1, tzinfo=UTC),
            },
            "mlflow.test",
            trusting(),
            "has expired",
        ),
    ],
    ids=["another name", "an unknown authority", "expired"],
)
def test_an_invalid_certificate_is_a_problem_with_its_reason(
    server_fields, host, context, problem
):
    with tls_server(**server_fields) as port:
        found = handshake(port, host, context)

    assert found.certificate is None
    assert found.problem.startswith("the certificate is invalid: ")
    assert problem.lower() in found.problem.lower()


def test_a_plain_server_does_not_speak_tls():
    def greet(connection):
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return connection

    with server(greet) as port:
        assert handshake(port).problem == "the server does not speak TLS on this port"
        assert not Probe().speaks_tls(ADDRESS, port)


def test_a_server_with_any_certificate_speaks_tls():
    with tls_server(authority=trustme.CA()) as port:
        assert Probe().speaks_tls(ADDRESS, port)


def test_a_closed_port_has_no_connection():
    with socket.create_server((ADDRESS, 0)) as free:
        port = free.getsockname()[1]

    assert handshake(port).problem.startswith("no connection: ")
