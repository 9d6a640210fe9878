"""The phases of the migration, with a real receiver, a real Redis and the outbox."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from aiohttp import web

from controller.bootstrap.deliveries import (
    DeclaredTargets,
    dispatcher_for,
    queue_dispatcher,
)
from controller.clients.clock import SystemClock
from controller.clients.redis_queue import RedisQueue
from controller.clients.webhook import Sender
from controller.core.document.resource import Resource, ResourceId
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.publication_phase import (
    DUAL,
    WEBHOOK_ONLY,
    WEBHOOK_PRIMARY,
)
from controller.core.webhooks.redis_message import QUEUE
from controller.engine.dispatcher import run_all
from controller.kinds.webhook.spec import WebhookSpec
from controller.settings import Settings
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from tests.builders.outbox import event
from tests.builders.waiting import eventually
from tests.fakes.redis_server import redis_server

EVENTS = 10
SETTINGS = Settings(webhook_retry_delay=0.1, webhook_breaker_recovery=0.2)


class Platform:
    """A receiver with a status of its own, a Redis server, and the outbox of both."""

    def __init__(self, server, folder):
        self.server = server
        self.clock = SystemClock()
        self.database = Database(f"sqlite:///{folder}/store.db", self.clock)
        self.database.upgrade()
        self.ledger = AnnouncementLedger(self.database)
        self.log = DeliveryLog(self.database)
        self.status, self.received = 200, []
        self.release_after = 1

    def announce(self, phase, numbers):
        """Announce events, those for Redis as envelopes with their id."""
        events = [event(n) for n in numbers]
        messages = [
            replace(
                e,
                body=json.dumps({"message_id": e.id, "payload": {"n": 1}}).encode(),
                profile="hokusai-redis-v1",
            )
            for e in events
            if phase != WEBHOOK_ONLY
        ]
        now = self.clock.now()
        self.ledger.announce(
            "site", "webhook", events, now, phase=phase, messages=messages
        )

    def consumed(self):
        """Return the ids in the queue, in the order of their consumption."""
        with self.server.client() as client:
            found = client.lrange(QUEUE, 0, -1)
        return [json.loads(text)["message_id"] for text in reversed(found)]

    def states(self, sink):
        return {r.event_id: r.state for r in self.log.list(99, sink=sink)}

    async def deliver(self, ends):
        """Run both dispatchers until ``ends`` returns True."""
        async with self._receiver() as port, asyncio.timeout(20):
            document = self._document(port)
            declared = DeclaredTargets(lambda: document, lambda _: "secret", SETTINGS)
            stored, stop = SimpleNamespace(database=self.database), asyncio.Event()
            async with Sender(self.clock) as sender, RedisQueue() as queue:
                both = (
                    dispatcher_for(
                        declared, SETTINGS, stored, sender, self.clock, aws=None
                    ),
                    queue_dispatcher(declared, SETTINGS, stored, queue, self.clock),
                )
                work = asyncio.create_task(run_all(both, stop))
                await asyncio.to_thread(eventually, ends)
                stop.set()
                await work

    @asynccontextmanager
    async def _receiver(self):
        async def receive(request):
            if self.status < 300:
                self.received.append(request.headers["webhook-id"])
            return web.Response(status=self.status)

        application = web.Application()
        application.router.add_post("/hook", receive)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    def _document(self, port):
        fields = {
            "url": f"http://127.0.0.1:{port}/hook",
            "secrets": [{"env": "SECRET"}],
            "retry": {"tail": [86400]},
            "redis": {"url": self.server.url, "release_after": self.release_after},
        }
        id_ = ResourceId("webhook", "site")
        spec = WebhookSpec.model_validate(fields)
        return SimpleNamespace(
            resources={id_: Resource(id_, spec)},
            platform=SimpleNamespace(environment="local"),
        )


@pytest.fixture
def platform(tmp_path):
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as server:
        platform = Platform(server, tmp_path)
        yield platform
        platform.database.close()


def ended(platform, sink, state=DeliveryState.DELIVERED):
    found = platform.states(sink).values()
    return bool(found) and set(found) == {state}


def ids(numbers):
    return [f"id-{n}" for n in numbers]


def test_in_phase_dual_both_receive_every_event_with_the_same_id(platform):
    numbers = range(EVENTS)
    platform.announce(DUAL, numbers)

    asyncio.run(
        platform.deliver(
            lambda: ended(platform, "webhook") and ended(platform, "redis")
        )
    )

    assert sorted(platform.received) == platform.consumed() == ids(numbers)
    report = platform.ledger.parity("site", DUAL)
    assert (report.events, report.at_parity) == (EVENTS, EVENTS)


def test_in_phase_dual_redis_does_not_wait_for_a_webhook_that_fails(platform):
    platform.status = 500
    platform.announce(DUAL, range(EVENTS))

    asyncio.run(platform.deliver(lambda: ended(platform, "redis")))

    assert platform.consumed() == ids(range(EVENTS))
    assert platform.received == []
    assert platform.ledger.parity("site", DUAL).at_parity == 0


def test_in_phase_dual_the_webhook_does_not_wait_for_a_redis_that_is_down(platform):
    platform.server.stop()
    platform.announce(DUAL, range(EVENTS))

    asyncio.run(platform.deliver(lambda: ended(platform, "webhook")))
    assert sorted(platform.received) == ids(range(EVENTS))
    platform.server.start()
    asyncio.run(platform.deliver(lambda: ended(platform, "redis")))

    assert sorted(platform.consumed()) == ids(range(EVENTS))


def test_in_phase_webhook_primary_redis_is_not_used_while_the_webhook_works(platform):
    platform.announce(WEBHOOK_PRIMARY, range(EVENTS))

    asyncio.run(
        platform.deliver(lambda: ended(platform, "redis", DeliveryState.SUPERSEDED))
    )

    assert sorted(platform.received) == ids(range(EVENTS))
    assert platform.consumed() == []
    report = platform.ledger.parity("site", WEBHOOK_PRIMARY)
    assert (report.events, report.at_parity) == (EVENTS, EVENTS)


def test_in_phase_webhook_primary_an_event_that_the_webhook_refuses_is_in_redis(
    platform,
):
    platform.status = 422
    platform.announce(WEBHOOK_PRIMARY, [1])

    asyncio.run(platform.deliver(lambda: ended(platform, "redis")))

    assert platform.consumed() == ["id-1"]


def test_in_phase_webhook_primary_all_events_of_an_outage_are_in_redis(platform):
    platform.status = 503
    platform.announce(WEBHOOK_PRIMARY, range(EVENTS))

    asyncio.run(platform.deliver(lambda: ended(platform, "redis")))

    assert sorted(platform.consumed()) == ids(range(EVENTS))
    assert not ended(platform, "webhook")
    platform.status = 200
    asyncio.run(platform.deliver(lambda: ended(platform, "webhook")))
    assert sorted(platform.received) == ids(range(EVENTS))
    assert sorted(platform.consumed()) == ids(range(EVENTS))


def test_in_phase_webhook_only_nothing_connects_to_redis(platform):
    with platform.server.client() as client:
        before = client.info("stats")["total_connections_received"]
        platform.announce(WEBHOOK_ONLY, range(EVENTS))

        asyncio.run(platform.deliver(lambda: ended(platform, "webhook")))

        assert client.info("stats")["total_connections_received"] == before
    assert platform.consumed() == []
