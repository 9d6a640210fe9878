"""Deliveries survive ``kill -9``: nothing is lost, and repeats are marked."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aiohttp import web

from controller.clients.clock import SystemClock
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.core.webhooks.signature import hokusai_verified
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog

DELIVERIES = 120
KILLS = 3
IN_FLIGHT = 8
PROGRAM = """
import asyncio, os, sys
from controller.clients.clock import SystemClock
from controller.clients.webhook import Sender
from controller.core.webhooks.address_policy import LOOPBACK_NETWORKS, AddressPolicy
from controller.core.webhooks.retry_schedule import RetrySchedule
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.engine.dispatcher import DispatchLimits, Dispatcher, WebhookTarget
from controller.engine.signed_requests import SignedRequests
from controller.store.database import Database
from controller.store.outbox import Outbox

LOCAL = AddressPolicy(LOOPBACK_NETWORKS)

async def main(url, target):
    clock, worker = SystemClock(), str(os.getpid())
    database = Database(url, clock)
    outbox = Outbox(database)
    policy = RetrySchedule.doubling(5, 2)
    async with Sender(clock) as sender:
        dispatcher = Dispatcher(
            outbox, SignedRequests(sender, clock), lambda: {"site": WebhookTarget(target, policy, timeout=1, permitted=LOCAL)},
            lambda _: TargetSecrets((b"key",)),
            clock=clock, worker=worker, limits=DispatchLimits(in_flight=8, claim_margin=1),
        )
        await dispatcher.run(asyncio.Event())

asyncio.run(main(*sys.argv[1:]))
"""


def announce(database: Database) -> None:
    identities = [VersionIdentity("r", "m", n, n) for n in range(DELIVERIES)]
    events = [
        WebhookEvent(f"id-{i.number}", "model.registered", i, b'{"n":%d}' % i.number)
        for i in identities
    ]
    AnnouncementLedger(database).announce(
        "site", "webhook", events, SystemClock().now()
    )


async def drain_with_kills(store: str, deliveries: DeliveryLog):
    """Start the dispatcher and kill it repeatedly until every event is sent."""
    received: list[tuple[str, bool]] = []

    async def take(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        signature = request.headers["X-Hokusai-Signature"]
        assert hokusai_verified([b"key"], body, signature)
        marked = "X-Hokusai-Possible-Duplicate" in request.headers
        received.append((request.headers["webhook-id"], marked))
        return web.Response()

    async def until(enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            # Another process and its store emit no events to wait for.
            while not enough():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def have_come(count: int) -> bool:
        return len({id_ for id_, _ in received}) >= count

    def all_delivered() -> bool:
        return deliveries.counts()["site"][DeliveryState.DELIVERED] == DELIVERIES

    runner = web.ServerRunner(web.Server(take), shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    for kill in range(1, KILLS + 2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, store, url
        )
        share = DELIVERIES * kill // (KILLS + 1)
        try:
            await until(partial(have_come, share))
            if kill > KILLS:
                await until(all_delivered)
        finally:
            process.kill()
            await process.wait()
    await runner.cleanup()
    return received


def test_a_kill_loses_nothing_and_its_repeats_are_marked(tmp_path: Path):
    store = f"sqlite:///{tmp_path / 'store.db'}"
    database = Database(store, SystemClock())
    database.upgrade()
    announce(database)

    received = asyncio.run(drain_with_kills(store, DeliveryLog(database)))

    database.close()
    times = Counter(id_ for id_, _ in received)
    repeats = sum(times.values()) - len(times)
    assert len(times) == DELIVERIES
    assert repeats <= IN_FLIGHT * KILLS
    assert repeats <= sum(marked for _, marked in received)
