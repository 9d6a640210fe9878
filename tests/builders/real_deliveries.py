"""Deliveries by the real outbox, dispatcher and sender, to a receiver on loopback."""

import asyncio

from controller.clients.clock import SystemClock
from controller.clients.webhook import Sender
from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import Profile, WebhookEvent, model_registered
from controller.core.webhooks.payload_profile import with_profiles
from controller.core.webhooks.retry_schedule import RetrySchedule
from controller.core.webhooks.signature import key_of
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.engine.dispatcher import Dispatcher, DispatchLimits, WebhookTarget
from controller.engine.signed_requests import SignedRequests
from controller.store.announcements import AnnouncementLedger
from controller.store.outbox import Outbox
from tests.builders.http_receiver import LOOPBACK, Receiver, answering, receiver
from tests.fakes.store import empty_store

_TAGS = {"hokusai_token_id": "LSCOR", "description": "“Лиды”"}


def registration(number: int = 1, profile: Profile = "hokusai-v1") -> WebhookEvent:
    """Return the event about a version of a model whose name is not ASCII."""
    version = ModelVersion("北斎", number, "models:/m-1", created_ms=number)
    return with_profiles(model_registered("mlflow", version, _TAGS), profile, ())


def deliver(url, secrets, *events, scheme="hokusai-v1", attempts=None):
    """Send ``events`` to ``url`` once, and return the answers in their order.

    Args:
        url: URL of a receiver on loopback.
        secrets: Secrets that sign, the current one first.
        events: Events.
        scheme: Scheme of X-Hokusai-Signature.
        attempts: Number of attempts to wait for; by default one for each event.
    """
    clock = SystemClock()
    database = empty_store(clock)
    AnnouncementLedger(database).announce("site", "webhook", events, clock.now())
    target = WebhookTarget(
        url, RetrySchedule((), 0), 10, permitted=LOOPBACK, scheme=scheme
    )
    keys = tuple(key_of(secret) for secret in secrets)
    answers = []

    async def run():
        stop = asyncio.Event()

        def ended(_delivery, attempt):
            answers.append(attempt.answer)
            if len(answers) == (attempts or len(events)):
                stop.set()

        async with Sender(clock) as sender, asyncio.timeout(30):
            dispatcher = Dispatcher(
                Outbox(database),
                SignedRequests(sender, clock),
                lambda: {"site": target},
                lambda _: TargetSecrets(keys),
                clock=clock,
                worker="tests",
                limits=DispatchLimits(in_flight=1, grace=0.01),
                on_attempt=ended,
            )
            await dispatcher.run(stop)

    asyncio.run(run())
    return answers


def captured(secrets, event, scheme="hokusai-v1") -> tuple[dict[str, str], bytes]:
    """Return the headers and the body that a receiver of ``event`` gets."""
    kept: list[Receiver] = []

    async def run():
        async with receiver(answering(200)) as there:
            kept.append(there)
            send = lambda: deliver(there.url, secrets, event, scheme=scheme)  # noqa: E731
            await asyncio.to_thread(send)

    asyncio.run(run())
    ((_, headers, body),) = kept[0].requests
    return headers, body
