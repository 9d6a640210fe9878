"""Headers in both directions."""

import pytest

from controller.core.proxy.forwarded_headers import (
    framing_problem,
    identity_headers,
    request_headers,
    request_id_of,
    response_headers,
)


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "x-api-key", "cookie", "proxy-authorization"),
        *("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
        *("host", "content-length", "expect", "origin", "forwarded"),
        *("x-forwarded-for", "x-forwarded-user", "x-hokusai-key-id"),
        *("x_api_key", "x-http-method-override", "x-request-id"),
    ],
)
def test_a_header_of_this_connection_or_its_caller_is_not_sent(name):
    assert request_headers([(name.encode(), b"value")]) == []


def test_other_headers_are_sent_with_their_repetitions():
    received = [
        (b"accept", b"a"),
        (b"accept", b"b"),
        (b"x-mlflow-client-version", b"3"),
    ]

    sent = request_headers(received)

    assert sent == [("accept", "a"), ("accept", "b"), ("x-mlflow-client-version", "3")]


def test_a_header_that_the_connection_names_is_not_sent():
    received = [(b"connection", b"close, X-Secret"), (b"x-secret", b"1"), (b"a", b"2")]

    assert request_headers(received) == [("a", "2")]


def test_the_challenge_and_the_cookies_of_mlflow_are_not_returned():
    received = [
        (b"WWW-Authenticate", b"Basic realm=mlflow"),
        (b"Set-Cookie", b"session=1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Vary", b"a"),
        (b"Vary", b"b"),
        (b"Content-Length", b"3"),
    ]

    returned = response_headers(received)

    assert returned == [(b"vary", b"a"), (b"vary", b"b"), (b"content-length", b"3")]


def test_mlflow_learns_the_caller_from_this_service_only():
    received = [(b"host", b"registry.hokus.ai"), (b"x-forwarded-for", b"203.0.113.9")]

    sent = identity_headers(
        received, peer="10.0.0.1", scheme="http", key_id="abc", request_id="r-1"
    )

    assert sent == {
        "X-Forwarded-For": "203.0.113.9, 10.0.0.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "registry.hokus.ai",
        "X-Request-ID": "r-1",
        "X-Hokusai-Key-Id": "abc",
    }


@pytest.mark.parametrize(
    ("values", "id_"),
    [
        ([b"r-1"], "r-1"),
        ([], None),
        ([b"r-1", b"r-2"], None),
        ([b"a\nb"], None),
        ([b"x" * 129], None),
    ],
)
def test_a_request_keeps_a_usable_id(values, id_):
    assert request_id_of([(b"x-request-id", value) for value in values]) == id_


LENGTH, CODING = b"content-length", b"transfer-encoding"


@pytest.mark.parametrize(
    ("received", "is_refused"),
    [
        ([], False),
        ([(LENGTH, b"5")], False),
        ([(CODING, b"chunked")], False),
        ([(LENGTH, b"5"), (CODING, b"chunked")], True),
        ([(LENGTH, b"5"), (LENGTH, b"5")], True),
        ([(LENGTH, b"5"), (LENGTH, b"6")], True),
        ([(LENGTH, b"+5")], True),
        ([(LENGTH, b"5, 5")], True),
        ([(CODING, b"gzip, chunked")], True),
        ([(CODING, b"chunked"), (CODING, b"chunked")], True),
    ],
)
def test_a_request_with_an_ambiguous_length_is_refused(received, is_refused):
    assert bool(framing_problem(received)) == is_refused
