"""Public keys of an issuer over TLS, by the resolver, and answers that are refused."""

import asyncio
import gzip
import json
import ssl
from datetime import timedelta

import pytest
import trustme
from aiohttp import web

from controller.clients.bounded import BoundedClient
from controller.clients.jwks import JwksClient
from controller.core.errors import TransientError
from controller.resolver.names import FixedNames
from tests.builders.http_receiver import answering, receiver
from tests.builders.local_process import free_port

KEYS = json.dumps({"keys": []}).encode()
AUTHORITY = trustme.CA()


def server_context(name="auth.test"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name).configure_cert(context)
    return context


def client_context():
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def body(content, **headers):
    async def answer(_request):
        return web.Response(body=content, headers=headers)

    return answer


def fetched(answer, *, name="auth.test", **options):
    """Return the text of the keys, and the requests of the server."""

    async def fetching():
        async with receiver(answer, server_context(name)) as server:
            url = f"https://auth.test:{server.port}/jwks?a=b"
            names = FixedNames(["127.0.0.1"])
            client = JwksClient(BoundedClient(url, names, client_context(), **options))
            return await client.fetch(), server.requests

    return asyncio.run(fetching())


def test_keys_are_read_over_tls_from_the_address_of_the_resolver():
    text, requests = fetched(body(KEYS))

    assert text == KEYS
    assert len(requests) == 1
    assert requests[0][1]["Host"].startswith("auth.test:")


def test_a_certificate_of_another_name_is_refused():
    with pytest.raises(TransientError, match="does not answer"):
        fetched(body(KEYS), name="evil.test")


@pytest.mark.parametrize(
    "answer",
    [
        answering(302, location="https://evil.example/jwks"),
        answering(404),
        answering(503),
        body(b"a" * (64 * 1024 + 1)),
    ],
    ids=["redirect", "not found", "unavailable", "too large"],
)
def test_any_other_answer_is_an_outage(answer):
    with pytest.raises(
        TransientError, match=r"cannot be read: \d+|more than 65536 bytes"
    ):
        fetched(answer)


def test_a_small_answer_that_expands_is_refused():
    bomb = gzip.compress(b"a" * 10_000_000)

    with pytest.raises(TransientError, match="more than 65536 bytes"):
        fetched(body(bomb, **{"Content-Encoding": "gzip"}))


def test_a_silent_server_is_an_outage_after_the_deadline():
    async def silent(_request):
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(TransientError, match="TimeoutError"):
        fetched(silent, deadline=timedelta(milliseconds=200))


def test_a_closed_port_is_an_outage():
    url = f"http://127.0.0.1:{free_port()}/"
    client = JwksClient(BoundedClient(url, FixedNames(["127.0.0.1"])))

    with pytest.raises(TransientError, match="does not answer"):
        asyncio.run(client.fetch())
