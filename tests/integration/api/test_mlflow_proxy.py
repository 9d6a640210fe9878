"""Bytes that pass through the proxy, seen from both ends of its connections."""

import asyncio
import http.client
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from controller.resolver.names import FixedNames
from tests.builders.mlflow_proxy import (
    ScriptedServer,
    http_reply,
    proxy_serving,
    replying,
)
from tests.builders.waiting import eventually

KEY = b"k-admin"
RUN = "/api/2.0/mlflow/runs/get"
FILE = "/api/2.0/mlflow-artifacts/artifacts/1/a"
AUTHORIZED = {"Authorization": "Bearer k-admin"}


@contextmanager
def talking(script, **options):
    """Yield a connection to a proxy, and the server behind it."""
    with (
        ScriptedServer(script) as server,
        proxy_serving(server.url, **options) as port,
    ):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            yield client, server
        finally:
            client.close()


def asked(script, method="GET", path=RUN, body=None, headers=None, **options):
    """Return the answer to one request, its body and the server."""
    with talking(script, **options) as (client, server):
        client.request(method, path, body, {**AUTHORIZED, **(headers or {})})
        answer = client.getresponse()
        return answer, answer.read(), server


def raw(script, request):
    """Return the bytes that the proxy answers to ``request``, and the server."""
    with talking(script) as (client, server):
        client.connect()
        client.sock.sendall(request)
        received = b""
        while part := client.sock.recv(65_536):
            received += part
        return received, server


def test_path_and_query_arrive_byte_by_byte():
    path = "/api/2.0/mlflow-artifacts/artifacts/1/a%20b+%25%C3%A9.txt"
    query = "?path=a&path=b&x=%2F..&y=&z=%C3%A9+1"

    _, _, server = asked(replying(http_reply()), path=path + query)

    assert server.heads[0].startswith(f"GET {path}{query} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("prefix", ["/api/mlflow", "/mlflow"])
def test_a_prefix_of_this_service_does_not_arrive(prefix):
    _, _, server = asked(replying(http_reply()), path=prefix + RUN)

    assert server.heads[0].startswith(f"GET {RUN} HTTP/1.1\r\n".encode())


def test_the_path_prefix_of_mlflow_is_added():
    with (
        ScriptedServer(replying(http_reply())) as server,
        proxy_serving(f"{server.url}/tracking/") as port,
    ):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        client.request("GET", RUN, headers=AUTHORIZED)
        client.getresponse().read()
        client.close()

    assert server.heads[0].startswith(f"GET /tracking{RUN} ".encode())


def test_mlflow_gets_its_own_host_and_our_credentials_and_no_key():
    sent = {
        "Cookie": "session=k-admin",
        "X-Forwarded-User": "root",
        "X-Hokusai-Key-Id": "forged",
        "Origin": "http://elsewhere.example",
        "X-Mlflow-Client-Version": "3",
        "Connection": "close, x-mine",
        "X-Mine": "k-admin",
    }

    _, _, server = asked(
        replying(http_reply()),
        headers=sent,
        credentials={b"Authorization": b"Bearer u"},
    )

    head = server.heads[0].lower()
    assert KEY not in head
    assert f"host: mlflow.internal:{server.port}\r\n".encode() in head
    assert head.count(b"authorization:") == 1
    assert b"authorization: bearer u\r\n" in head
    assert b"x-hokusai-key-id: nimda-k\r\n" in head
    assert b"x-mlflow-client-version: 3\r\n" in head
    assert b"x-forwarded-for: 127.0.0.1\r\n" in head
    assert b"x-request-id: test-1\r\n" in head
    assert b"forged" not in head
    assert b"origin" not in head
    assert b"session" not in head


def test_without_credentials_of_ours_none_are_sent():
    _, _, server = asked(replying(http_reply()))

    assert b"authorization" not in server.heads[0].lower()


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-API-Key", "k-admin"), ("Authorization", "Basic bWU6ay1hZG1pbg==")],
)
def test_a_key_in_another_header_is_not_sent_either(name, value):
    with talking(replying(http_reply())) as (client, server):
        client.request("GET", RUN, headers={name: value})
        assert client.getresponse().status == 200

    assert value.encode() not in server.heads[0]


def test_an_answer_arrives_as_it_is():
    reply = (
        b"HTTP/1.1 404 NOT FOUND\r\nContent-Type: application/json\r\nVary: a\r\n"
        b"Vary: b\r\nContent-Encoding: gzip\r\nSet-Cookie: session=1\r\n"
        b"Server: gunicorn\r\nContent-Length: 9\r\n\r\nnot a gz\x00"
    )

    answer, body, _ = asked(replying(reply))

    assert (answer.status, body) == (404, b"not a gz\x00")
    assert answer.headers.get_all("vary") == ["a", "b"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["set-cookie"] is None
    assert answer.headers["server"] is None


def test_an_error_of_mlflow_arrives_untouched():
    error = b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no run"}'

    answer, body, _ = asked(replying(http_reply("404 NOT FOUND", error)))

    assert (answer.status, body) == (404, error)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", ["503 SERVICE UNAVAILABLE", "429 TOO MANY"])
def test_an_overloaded_mlflow_asks_for_a_later_attempt(status):
    answer, _, _ = asked(replying(http_reply(status)))
    own, _, _ = asked(replying(http_reply(status, retry_after=99)))

    assert answer.headers["retry-after"] == "5"
    assert own.headers["retry-after"] == "99"


def test_credentials_that_mlflow_refuses_are_our_fault():
    reply = http_reply("401 UNAUTHORIZED", www_authenticate="Basic realm=mlflow")

    answer, body, _ = asked(replying(reply))

    assert answer.status == 502
    assert answer.headers["www-authenticate"] is None
    assert b"credentials of this service" in body


def test_a_host_name_that_mlflow_refuses_is_our_fault():
    body = b"Invalid Host header - possible DNS rebinding attack detected"

    answer, body, _ = asked(replying(http_reply("403 FORBIDDEN", body)))

    assert answer.status == 502
    assert b"MLFLOW_SERVER_ALLOWED_HOSTS" in body


def test_a_redirect_is_not_followed():
    reply = http_reply("308 PERMANENT REDIRECT", location="http://127.0.0.1:1/")

    answer, _, server = asked(replying(reply))

    assert answer.status == 308
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("method", "reply"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 NOT MODIFIED\r\nETag: a\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 NO CONTENT\r\n\r\n"),
    ],
)
def test_an_answer_without_a_body_has_none(method, reply):
    answer, body, _ = asked(replying(reply), method)

    assert body == b""
    if method == "HEAD":
        assert answer.headers["content-length"] == "5"


CUT = [
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", id="length"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        id="chunks",
    ),
]


@pytest.mark.parametrize("reply", CUT)
def test_an_answer_that_breaks_off_is_not_complete_for_the_caller(reply):
    with talking(replying(reply)) as (client, _):
        client.request("GET", RUN, headers=AUTHORIZED)
        answer = client.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_without_an_answer_is_not_repeated(method):
    path = RUN if method == "GET" else "/api/2.0/mlflow/runs/create"

    answer, _, server = asked(replying(b""), method, path, b"{}")

    assert answer.status == 502
    assert len(server.heads) == 1


def upload(client, *parts):
    client.putrequest("PUT", FILE)
    client.putheader("Authorization", "Bearer k-admin")
    client.putheader("Transfer-Encoding", "chunked")
    client.endheaders()
    for part in parts:
        client.send(b"%x\r\n%b\r\n" % (len(part), part))


def test_an_upload_arrives_before_it_is_complete():
    first = threading.Event()

    def script(stream):
        body = b""
        while b"first" not in body:
            body += stream.read(1)
        first.set()
        while not body.endswith(b"0\r\n\r\n"):
            body += stream.read(1)
        stream.write(http_reply(body=b"second" if b"second" in body else b"cut"))

    with talking(script) as (client, _):
        upload(client, b"first")
        assert first.wait(20)
        client.send(b"6\r\nsecond\r\n0\r\n\r\n")
        assert client.getresponse().read() == b"second"


def test_a_download_arrives_before_it_is_complete():
    arrived = threading.Event()

    def script(stream):
        stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nfirst")
        assert arrived.wait(20)
        stream.write(b"second")

    with talking(script) as (client, _):
        client.request("GET", FILE, headers=AUTHORIZED)
        answer = client.getresponse()
        assert answer.read(5) == b"first"
        arrived.set()
        assert answer.read() == b"second"


def test_a_length_stays_a_length():
    def script(stream):
        assert stream.read(5) == b"whole"
        stream.write(http_reply())

    _, _, server = asked(script, "PUT", FILE, b"whole")

    head = server.heads[0].lower()
    assert b"content-length: 5\r\n" in head
    assert b"transfer-encoding" not in head


def read_to_end(stream):
    while stream.read(65_536):
        continue


def test_an_upload_that_the_caller_leaves_ends_at_mlflow_too():
    with talking(read_to_end) as (client, server):
        upload(client, b"first")
        eventually(lambda: server.heads)
        client.close()

        assert server.ended.wait(20)


def test_an_upload_may_take_longer_than_the_deadline_of_a_request():
    def script(stream):
        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            body += stream.read(1)
        stream.write(http_reply())

    with talking(script, seconds=0.5) as (client, _):
        upload(client)
        deadline, pause = time.monotonic() + 1.5, threading.Event()
        while time.monotonic() < deadline:
            client.send(b"1\r\na\r\n")
            pause.wait(0.05)
        client.send(b"0\r\n\r\n")
        assert client.getresponse().status == 200


def test_an_upload_that_stops_ends_at_the_deadline():
    with talking(read_to_end, seconds=0.3) as (client, server):
        upload(client, b"first")

        assert server.ended.wait(20)
        assert client.sock.recv(1) == b""


def test_a_caller_that_leaves_ends_the_request_to_mlflow():
    with talking(read_to_end) as (client, server):
        client.request("GET", RUN, headers=AUTHORIZED)
        eventually(lambda: server.heads)
        client.close()

        assert server.ended.wait(20)


def test_a_download_that_the_caller_leaves_ends_at_mlflow_too():
    def script(stream):
        stream.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            stream.write(b"10000\r\n" + bytes(65_536) + b"\r\n")

    with talking(script) as (client, server):
        client.request("GET", FILE, headers=AUTHORIZED)
        client.getresponse().read(10)
        client.close()

        assert server.ended.wait(20)


HEAD = f"POST {RUN.replace('get', 'create')} HTTP/1.1\r\nhost: a\r\n".encode()
KEYED = HEAD + b"authorization: Bearer k-admin\r\n"
LAST = b"connection: close\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET",
        b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"content-length: 3, 4\r\n\r\nabcd",
        b"content-length: +3\r\n\r\nabc",
        b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_request_with_an_ambiguous_length_is_refused(framing):
    received, server = raw(replying(http_reply()), KEYED + LAST + framing)

    assert received.split()[1] in {b"400", b"501"}
    assert server.heads == []


@pytest.mark.parametrize(
    "path",
    [
        b"/api/2.0/mlflow/../mlflow/runs/get",
        b"/api/2.0/mlflow/x/%2e%2e/runs/get",
        b"/api/2.0/mlflow/runs%2fget",
        b"/api/2.0/mlflow//runs/get",
        b"/api/2.0/mlflow/runs/get%00",
        b"//api/2.0/mlflow/runs/get",
        b"http://other/api/2.0/mlflow/runs/get",
        b"/api/2.0/mlflow/runs/get#x",
        FILE.encode() + b"/..%2f..%2fb",
    ],
)
def test_a_path_with_two_readings_does_not_arrive(path):
    request = b"GET " + path + b" HTTP/1.1\r\nhost: a\r\n" + LAST

    received, server = raw(
        replying(http_reply()), request + b"authorization: Bearer k-admin\r\n\r\n"
    )

    assert received.split()[1] in {b"400", b"404"}
    assert server.heads == []


def test_a_caller_without_a_key_is_refused_before_it_sends_a_body():
    expecting = b"expect: 100-continue\r\ncontent-length: 5\r\n" + LAST + b"\r\n"

    received, server = raw(replying(http_reply()), HEAD + expecting)

    assert received.startswith(b"HTTP/1.1 401")
    assert server.heads == []


def test_a_caller_with_a_key_is_asked_for_its_body():
    def script(stream):
        assert stream.read(5) == b"whole"
        stream.write(http_reply())

    with talking(script) as (client, server):
        client.connect()
        expecting = b"expect: 100-continue\r\ncontent-length: 5\r\n" + LAST + b"\r\n"
        client.sock.sendall(KEYED + expecting)
        assert client.sock.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sock.sendall(b"whole")
        assert client.sock.recv(15) == b"HTTP/1.1 200 OK"

    assert b"expect" not in server.heads[0].lower()


def test_a_closed_port_is_an_outage_at_once():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with proxy_serving(f"http://127.0.0.1:{port}") as proxy:
        client = http.client.HTTPConnection("127.0.0.1", proxy, timeout=2)
        client.request("GET", RUN, headers=AUTHORIZED)
        answer = client.getresponse()
        client.close()

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"


class UnansweredNames(FixedNames):
    """A resolver whose name server does not answer."""

    async def resolve_async(self, host):
        await asyncio.Event().wait()


def test_a_name_without_an_answer_is_an_outage_within_the_time_to_connect():
    connection = {"names": UnansweredNames(()), "patience": (0.2, 30)}
    with proxy_serving("http://mlflow.internal:5000", connection=connection) as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        client.request("GET", RUN, headers=AUTHORIZED)
        answer = client.getresponse()
        client.close()

    assert answer.status == 503


def test_an_mlflow_that_does_not_answer_is_a_timeout():
    def script(stream):
        read_to_end(stream)

    answer, body, _ = asked(script, connection={"patience": (3, 0.2)})

    assert answer.status == 504
    assert b"did not answer" in body


def test_after_an_outage_requests_connect_again(caplog):
    caplog.set_level("INFO", "controller.api.proxy")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def status():
        client.request("GET", RUN, headers=AUTHORIZED)
        answer = client.getresponse()
        answer.read()
        return answer.status

    with proxy_serving(f"http://127.0.0.1:{port}") as proxy:
        client = http.client.HTTPConnection("127.0.0.1", proxy, timeout=5)
        during = status()
        with ScriptedServer(replying(http_reply()), port):
            after = eventually(status, lambda found: found == 200)
        client.close()

    said = [record.getMessage() for record in caplog.records]
    assert (during, after) == (503, 200)
    assert said == ["MLflow cannot be reached", "MLflow is reachable again"]
