"""The sender against receivers of every kind, over a real loopback socket."""

import asyncio
import ssl

import pytest
from aiohttp import web

from controller.clients.webhook import Sender
from controller.core.webhooks.answers import Answer, Answered, NotPermitted, Unanswered
from tests.builders.http_receiver import LOOPBACK, Answering, answering, receiver
from tests.fakes.stopped_clock import StoppedClock


def sent(answer: Answering, within: float = 5.0):
    async def send():
        async with receiver(answer) as there, Sender(StoppedClock()) as sender:
            headers = {"X-Hokusai-Event": "model.registered"}
            return await sender.send(there.url, headers, b"{}", within, LOOPBACK), there

    return asyncio.run(send())


def test_the_bytes_and_headers_arrive_unchanged():
    answer, there = sent(answering(200))

    ((path, headers, body),) = there.requests
    assert answer == Answered(200)
    assert (path, body) == ("/hook", b"{}")
    assert headers["X-Hokusai-Event"] == "model.registered"


@pytest.mark.parametrize("value", ["a\r\nX-More: b", "a\nb", "a\rb", "a\0b"])
def test_a_header_that_would_end_its_line_sends_nothing(value):
    async def send():
        async with receiver(answering(200)) as there, Sender(StoppedClock()) as sender:
            headers = {"X-Hokusai-Event": value}
            return await sender.send(there.url, headers, b"{}", 5, LOOPBACK), there

    answer, there = asyncio.run(send())

    assert isinstance(answer, Unanswered)
    assert not answer.is_sent
    assert there.requests == []


def test_a_connection_is_used_again_after_a_response_with_a_body():
    peers = set()

    async def answer(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(status=200, text="x" * 1_000)

    async def send():
        async with receiver(answer) as there, Sender(StoppedClock()) as sender:
            for _ in range(3):
                await sender.send(there.url, {}, b"{}", 5, LOOPBACK)

    asyncio.run(send())

    assert len(peers) == 1


def test_a_redirect_is_returned_and_not_followed():
    answer, there = sent(answering(307, location="/elsewhere"))

    assert answer == Answered(307)
    assert [path for path, _, _ in there.requests] == ["/hook"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("1.5", 1.5),
        ("Fri, 02 Jan 2026 12:01:00 GMT", 60),
        ("999999", 900),
        ("-5", None),
        ("soon", None),
        ("Fri, 02 Jan 2026 11:00:00 GMT", None),
    ],
)
def test_the_receiver_can_set_the_retry_delay(text, seconds):
    answer, _ = sent(answering(503, retry_after=text))

    assert answer == Answered(503, seconds)


def test_a_receiver_that_hangs_is_abandoned_at_the_deadline():
    async def hang(_request: web.BaseRequest) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    answer, _ = sent(hang, within=0.1)

    assert answer == Unanswered("no answer within 0.1 s", is_sent=True)


def test_an_endless_body_does_not_change_the_answer():
    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except (ConnectionError, asyncio.CancelledError):
            return response

    answer, _ = sent(endless)

    assert answer == Answered(200)


def dripping(*pieces: bytes, pause: float = 0.02, within: float = 0.3):
    """Return the answer to a request answered in ``pieces``, the last one for ever."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        await reader.readuntil(b"\r\n\r\n")
        try:
            for piece in pieces:
                writer.write(piece)
            while True:
                writer.write(pieces[-1])
                await writer.drain()
                await asyncio.wait([asyncio.Future()], timeout=pause)
        except ConnectionError:
            writer.close()

    async def send() -> Answer:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        async with server, Sender(StoppedClock()) as sender:
            return await sender.send(url, {}, b"{}", within, LOOPBACK)

    return asyncio.run(send())


STATUS = b"HTTP/1.1 200 OK\r\n"


def test_headers_that_drip_in_end_at_the_deadline():
    answer = dripping(STATUS, b"X-More: a\r\n")

    assert answer == Unanswered("no answer within 0.3 s", is_sent=True)


def test_headers_without_an_end_are_not_kept():
    answer = dripping(STATUS, b"X-Long: " + b"a" * 100_000, pause=0, within=5)

    assert isinstance(answer, Unanswered)
    assert answer.is_sent
    assert "within" not in answer.error


def test_a_body_that_drips_in_does_not_change_the_answer():
    head = STATUS + b"Transfer-Encoding: chunked\r\n\r\n"

    assert dripping(head, b"1\r\na\r\n", within=5) == Answered(200)


def test_an_unreachable_receiver_is_no_answer():
    async def send():
        async with Sender(StoppedClock()) as sender:
            return await sender.send("http://127.0.0.1:1/hook", {}, b"{}", 5, LOOPBACK)

    answer = asyncio.run(send())

    assert isinstance(answer, Unanswered)
    assert "Connect" in answer.error
    assert not answer.is_sent


def raw(response: bytes) -> Answer:
    """Return the answer to a request that a socket answers with ``response``."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        writer.write_eof()
        await reader.read()
        writer.close()

    async def send() -> Answer:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        async with server, Sender(StoppedClock()) as sender:
            return await sender.send(url, {}, b"{}", 5, LOOPBACK)

    return asyncio.run(send())


BODY = b"5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("response", "status"),
    [
        pytest.param(
            b"204 No Content\r\nContent-Length: 5\r\n\r\nhello", 204, id="204"
        ),
        pytest.param(b"204 No Content\r\n\r\nhello", 204, id="204 without a length"),
        pytest.param(
            b"204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY,
            204,
            id="204 in chunks",
        ),
        pytest.param(
            b"304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", 304, id="304"
        ),
        pytest.param(
            b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello",
            200,
            id="no chunk",
        ),
        pytest.param(b"200 OK\r\nContent-Length: 500\r\n\r\nhello", 200, id="cut off"),
        pytest.param(
            b"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
            200,
            id="not gzip",
        ),
        pytest.param(
            b"103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
            b"Content-Length: 0\r\n\r\n",
            200,
            id="early hints",
        ),
        pytest.param(
            b"200 OK\r\nContent-Length: 0\r\n"
            b"Retry-After: Mon, 01 Jan 99999999999999 00:00:00 GMT\r\n\r\n",
            200,
            id="a date after all time",
        ),
        pytest.param(
            b"100 Continue\r\n\r\n"
            + b"HTTP/1.1 100 Continue\r\n\r\n" * 2_500
            + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            200,
            id="many interim responses",
        ),
        pytest.param(
            b"200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n",
            200,
            id="more than it said",
        ),
    ],
)
def test_a_malformed_body_does_not_change_the_status(response, status):
    assert raw(b"HTTP/1.1 " + response) == Answered(status)


@pytest.mark.parametrize(
    "response", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"hello\r\n"]
)
def test_a_request_without_a_whole_response_may_have_arrived(response):
    answer = raw(response)

    assert isinstance(answer, Unanswered)
    assert answer.is_sent


def test_http_to_another_machine_is_refused_without_a_request():
    async def send():
        async with Sender(StoppedClock()) as sender:
            return await sender.send("http://10.255.255.1/hook", {}, b"{}", 5)

    answer = asyncio.run(send())

    assert answer == NotPermitted("http would send the payload unencrypted: use https")


@pytest.fixture
def certificate(tmp_path):
    """Return a context with a self-signed certificate."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hokus.ai")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hokus.ai")]), False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "pair.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_receiver_with_an_untrusted_certificate_gets_nothing(certificate):
    async def send():
        async with (
            receiver(answering(200), certificate) as there,
            Sender(StoppedClock()) as sender,
        ):
            return await sender.send(there.url, {}, b"{}", 5, LOOPBACK), there

    answer, there = asyncio.run(send())

    assert isinstance(answer, Unanswered)
    assert "ertificate" in answer.error
    assert there.requests == []
