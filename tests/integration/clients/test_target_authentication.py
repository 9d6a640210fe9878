"""Authentication of the sender at real receivers, with the secrets of a document."""

import asyncio
import logging
import ssl
from types import SimpleNamespace

import pytest
import trustme
from aiohttp import web

from controller.bootstrap.deliveries import DeclaredTargets, dispatcher_for
from controller.clients.clock import SystemClock
from controller.clients.secrets import Secrets
from controller.clients.webhook import Sender
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import PermanentError
from controller.core.values.secret import Secret
from controller.core.webhooks.answers import Answered, Unanswered
from controller.core.webhooks.target_secrets import ClientCertificate
from controller.kinds.webhook.spec import WebhookSpec
from controller.settings import Settings
from controller.store.announcements import AnnouncementLedger
from controller.store.deliveries import DeliveryLog
from tests.builders.http_receiver import LOOPBACK, answering, receiver
from tests.builders.real_deliveries import registration
from tests.fakes.stopped_clock import NOON
from tests.fakes.store import empty_store

SITE = ResourceId("webhook", "site")
AUTHORITY, OTHER = trustme.CA(), trustme.CA()
SERVER = AUTHORITY.issue_cert("localhost", "127.0.0.1")
CLIENT = AUTHORITY.issue_cert("controller@hokus.ai")
RENEWED = AUTHORITY.issue_cert("controller@hokus.ai")
STRANGER = OTHER.issue_cert("controller@hokus.ai")
TLS_ONLY = {"certificate": {"chain": {"env": "CHAIN"}, "key": {"env": "KEY"}}}


def pem(certificate: trustme.LeafCert) -> dict[str, str]:
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    return {
        "CHAIN": chain.decode(),
        "KEY": certificate.private_key_pem.bytes().decode(),
    }


def demanding() -> ssl.SSLContext:
    """Return the context of a server that demands a certificate of its authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    SERVER.configure_cert(context)
    AUTHORITY.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def declared(url, auth, environ):
    spec = WebhookSpec.model_validate(
        {
            "url": url,
            "secrets": [{"env": "WEBHOOK_SECRET"}],
            "retry": {"tail": []},
            "auth": auth,
        }
    )
    document = SimpleNamespace(
        resources={SITE: Resource(SITE, spec)},
        platform=SimpleNamespace(environment="local"),
    )
    secrets = Secrets({"WEBHOOK_SECRET": "shared", **environ}, None)
    return DeclaredTargets(
        lambda: document, secrets.value, Settings(webhook_max_retries=0)
    )


def delivered(auth, environ, *, tls=None):
    """Return the answer to one delivery, its record, and the receiver."""
    clock = SystemClock()
    database = empty_store(clock)
    ledger = AnnouncementLedger(database)
    ledger.announce("site", "webhook", [registration()], NOON)
    stored = SimpleNamespace(database=database)
    answers, stop = [], asyncio.Event()

    def ended(_delivery, attempt):
        answers.append(attempt.answer)
        stop.set()

    async def run():
        async with (
            receiver(answering(200), tls=tls) as there,
            Sender(clock, new_tls=trusting) as sender,
            asyncio.timeout(20),
        ):
            targets = declared(there.url, auth, environ)
            dispatcher = dispatcher_for(
                targets, Settings(), stored, sender, clock, ended, aws=None
            )
            await dispatcher.run(stop)
            return there

    there = asyncio.run(run())
    (report,) = DeliveryLog(database).list(1)
    return answers[0], report, there


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ({"bearer": {"env": "TOKEN"}}, "Bearer t0ken-1"),
        (
            {"basic": {"username": "jürgen", "password": {"env": "TOKEN"}}},
            "Basic asO8cmdlbjp0MGtlbi0x",
        ),
    ],
    ids=["bearer", "basic"],
)
def test_the_header_is_sent_beside_the_signature(auth, sent, caplog):
    caplog.set_level(logging.DEBUG)

    answer, _, there = delivered(auth, {"TOKEN": "t0ken-1\n"})

    ((_, headers, _),) = there.requests
    assert answer == Answered(200)
    assert headers["Authorization"] == sent
    assert headers["X-Hokusai-Signature"].startswith("sha256=")
    assert "t0ken" not in caplog.text


def test_a_server_that_demands_a_client_certificate_gets_it():
    answer, _, there = delivered(TLS_ONLY, pem(CLIENT), tls=demanding())

    assert answer == Answered(200)
    assert len(there.requests) == 1


def test_a_certificate_of_another_authority_is_refused_by_the_server():
    answer, report, there = delivered(TLS_ONLY, pem(STRANGER), tls=demanding())

    assert isinstance(answer, Unanswered)
    assert there.requests == []
    assert "PRIVATE KEY" not in report.reason


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({**pem(CLIENT), "KEY": pem(STRANGER)["KEY"]}, "KEY_VALUES_MISMATCH"),
        ({**pem(CLIENT), "CHAIN": "no certificate"}, "cannot be used"),
        ({**pem(CLIENT), "KEY": "-----BEGIN ENCRYPTED PRIVATE KEY-----"}, "passphrase"),
    ],
    ids=["another key", "no certificate", "passphrase"],
)
def test_a_certificate_that_cannot_be_used_is_an_unreadable_secret(environ, problem):
    with pytest.raises(PermanentError, match=problem) as raised:
        declared("https://hokus.ai/hook", TLS_ONLY, environ).secrets_of("site")

    assert "BEGIN" not in str(raised.value)


def test_a_token_that_no_header_permits_is_named_without_its_value():
    targets = declared(
        "https://hokus.ai/hook", {"bearer": {"env": "TOKEN"}}, {"TOKEN": "one\ntwo"}
    )

    with pytest.raises(PermanentError) as raised:
        targets.secrets_of("site")

    assert "two" not in str(raised.value)
    assert "one" not in repr(raised.value)


def certificate_of(issued):
    texts = pem(issued)
    return ClientCertificate(Secret(texts["CHAIN"]), Secret(texts["KEY"]))


def test_a_changed_client_certificate_ends_the_connections_after_their_requests():
    """The request in progress gets its answer; the other target keeps its own."""
    arrived, released = asyncio.Event(), asyncio.Event()

    async def slow_first(request: web.BaseRequest) -> web.Response:
        if not arrived.is_set():
            arrived.set()
            await released.wait()
        return web.Response(status=200)

    async def run():
        async with (
            receiver(slow_first, tls=demanding()) as there,
            Sender(SystemClock(), new_tls=trusting, retirement=0.01) as sender,
            asyncio.timeout(20),
        ):

            def send(certificate, path=""):
                url = there.url + path
                return sender.send(url, {}, b"{}", 10, LOOPBACK, certificate)

            old, new = certificate_of(CLIENT), certificate_of(RENEWED)
            first = asyncio.create_task(send(old))
            await arrived.wait()
            after = await send(new)
            (retirement,) = sender._retirements.values()
            pools = len(sender._pools)
            released.set()
            before = await first
            await retirement
            return before, after, pools, len(sender._pools)

    before, after, during, in_the_end = asyncio.run(run())

    assert (before, after) == (Answered(200), Answered(200))
    assert (during, in_the_end) == (2, 1)


def test_connections_with_a_certificate_that_another_target_uses_stay():
    async def run():
        async with (
            receiver(answering(200), tls=demanding()) as there,
            Sender(SystemClock(), new_tls=trusting, retirement=0.01) as sender,
            asyncio.timeout(20),
        ):
            old, new = certificate_of(CLIENT), certificate_of(RENEWED)
            for path, certificate in (("/a", old), ("/b", old), ("/a", new)):
                url = there.url + path
                await sender.send(url, {}, b"{}", 10, LOOPBACK, certificate)
            await asyncio.gather(*sender._retirements.values())
            return len(sender._pools)

    assert asyncio.run(run()) == 2
