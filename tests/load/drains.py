"""Webhook deliveries by one process, ours or MLflow's engine.

    python -m tests.load.drains ours|mlflow RECEIVER_URL COUNT STORE_URL
    python -m tests.load.drains paced RECEIVER_URL RATE STORE_URL SECONDS HANGING
    python -m tests.load.drains steady RECEIVER_URL RATE STORE_URL SECONDS
    python -m tests.load.drains fill RECEIVER_URL COUNT STORE_URL
    python -m tests.load.drains serve RECEIVER_URL 0 STORE_URL

``ours`` and ``mlflow`` deliver COUNT events and print, as JSON, the deliveries a second,
the CPU seconds of one, and the peak memory in bytes. Both sign every request. Ours reads
its deliveries from the store, and records each attempt and its result there; MLflow's
engine keeps nothing.

``paced`` announces RATE events a second, and as many to each of HANGING targets that
accept connections and never answer. It prints the seconds from the time at which an
announcement was due to its recorded answer: the median and the 99th percentile.

``steady`` announces RATE events a second for SECONDS, with the retries of the default
configuration, and ends when all are accepted. It prints the number of events and of
attempts.

``fill`` announces events and ends; ``serve`` delivers them until it is killed.
"""

import asyncio
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

_WARM_UP = 200
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class _Ours:
    """A store, and targets to deliver to."""

    def __init__(self, url: str, store: str, hanging: Sequence[str] = ()) -> None:
        from controller.clients.clock import SystemClock
        from controller.core.webhooks.retry_schedule import RetrySchedule
        from controller.engine.dispatcher import WebhookTarget
        from controller.store.announcements import AnnouncementLedger
        from controller.store.database import Database
        from tests.builders.http_receiver import LOOPBACK

        self.clock = SystemClock()
        self.database = Database(store, self.clock)
        self.database.upgrade()
        self.ledger = AnnouncementLedger(self.database)
        schedule = RetrySchedule((), 0)
        urls = {"site": url, **{f"hanging-{n}": u for n, u in enumerate(hanging)}}
        self.targets = {
            name: WebhookTarget(at, schedule, 10, permitted=LOOPBACK)
            for name, at in urls.items()
        }

    def announce(self, first: int, last: int, targets: Sequence[str] = ()) -> None:
        from controller.core.models.registration import ModelVersion
        from controller.core.webhooks.event import model_registered
        from controller.core.webhooks.payload_profile import with_profiles

        versions = (
            ModelVersion("leads", n, f"s3://bucket/{n}", created_ms=n)
            for n in range(first, last)
        )
        events = [
            with_profiles(model_registered("mlflow", version, {}), "hokusai-v1", ())
            for version in versions
        ]
        for name in targets or ("site",):
            self.ledger.announce(name, "webhook", events, self.clock.now())

    async def deliver(
        self, stop: asyncio.Event, ended: Callable[[Any, Any], None], began: Any = None
    ) -> None:
        from controller.clients.webhook import Sender
        from controller.core.webhooks.signature import key_of
        from controller.core.webhooks.target_secrets import TargetSecrets
        from controller.engine.dispatcher import Dispatcher, DispatchLimits
        from controller.engine.signed_requests import SignedRequests
        from controller.store.outbox import Outbox

        keys = (key_of(SECRET),)
        async with Sender(self.clock) as sender:
            dispatcher = Dispatcher(
                Outbox(self.database),
                SignedRequests(sender, self.clock),
                lambda: self.targets,
                lambda _: TargetSecrets(keys),
                clock=self.clock,
                worker=f"benchmark-{os.getpid()}",
                limits=DispatchLimits(grace=1),
                on_attempt=ended,
            )
            if began is not None:
                began(dispatcher)
            await dispatcher.run(stop)

    async def drain(self, count: int) -> None:
        stop, left = asyncio.Event(), [count]

        def ended(_delivery: object, _attempt: object) -> None:
            left[0] -= 1
            if not left[0]:
                stop.set()

        await self.deliver(stop, ended)


def ours(url: str, count: int, store: str) -> dict[str, float]:
    """Deliver ``count`` events from the store."""
    subject = _Ours(url, store)
    subject.announce(1, _WARM_UP + 1)
    asyncio.run(subject.drain(_WARM_UP))
    subject.announce(_WARM_UP + 1, _WARM_UP + 1 + count)
    return _timed(lambda: asyncio.run(subject.drain(count)), count)


def mlflow(url: str, count: int, _store: str) -> dict[str, float]:
    """Deliver ``count`` events with MLflow's engine."""
    os.environ |= {
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": (
            "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        ),
    }
    from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
    from mlflow.webhooks import delivery

    created = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)
    executor = delivery._webhook_delivery_executor
    with TemporaryDirectory() as folder:
        registry = SqlAlchemyStore(f"sqlite:///{Path(folder) / 'mlflow.db'}")
        registry.create_webhook("site", url, [created], secret=SECRET)

        def deliver(number: int) -> None:
            payload: Any = {
                "name": "leads",
                "version": str(number),
                "source": f"s3://bucket/{number}",
                "run_id": None,
                "tags": {},
                "description": None,
            }
            delivery.deliver_webhook(event=created, payload=payload, store=registry)

        def drain() -> None:
            for number in range(count):
                deliver(number)
            executor.shutdown(wait=True)

        for number in range(_WARM_UP):
            deliver(number)
        executor.submit(int).result()
        return _timed(drain, count)


def paced(
    url: str, rate: int, store: str, seconds: int, hanging: int
) -> dict[str, float]:
    """Announce ``rate`` events a second and deliver them."""
    # The kernel accepts connections of a socket that listens; nobody reads them.
    silent = socket.create_server(("127.0.0.1", 0), backlog=4096)
    port = silent.getsockname()[1]
    hung = [f"http://127.0.0.1:{port}/{n}" for n in range(hanging)]
    subject = _Ours(url, store, hung)
    subject.announce(1, _WARM_UP + 1)
    asyncio.run(subject.drain(_WARM_UP))
    names = [name for name in subject.targets if name != "site"]
    if names:
        subject.announce(_WARM_UP + 1, _WARM_UP + 1 + rate, names)
    first, count = _WARM_UP + 1 + rate, rate * seconds
    clock = subject.clock
    began = clock.monotonic() + 1
    took: list[float] = []
    stop = asyncio.Event()

    def ended(delivery: Any, _attempt: object) -> None:
        if delivery.target != "site":
            return
        number = int(json.loads(delivery.body)["registered_version"])
        took.append(clock.monotonic() - began - (number - first) / rate)
        if len(took) == count:
            stop.set()

    def announce(dispatcher: Any) -> None:
        for number in range(count):
            clock.sleep(max(0.0, began + number / rate - clock.monotonic()))
            subject.announce(first + number, first + number + 1)
            dispatcher.wake()

    def start(dispatcher: Any) -> None:
        threading.Thread(target=announce, args=(dispatcher,), daemon=True).start()

    asyncio.run(subject.deliver(stop, ended, start))
    cuts = quantiles(took, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "memory": _peak()}


def steady(url: str, rate: int, store: str, seconds: int) -> dict[str, float]:
    """Announce ``rate`` events a second, and deliver them whatever the receiver does."""
    from controller.core.webhooks.delivery import Delivered
    from controller.core.webhooks.retry_schedule import RetrySchedule
    from controller.kinds.webhook.spec import DEFAULT_TAIL

    subject = _Ours(url, store)
    schedule = RetrySchedule.doubling(5, 2, DEFAULT_TAIL)
    subject.targets = {"site": replace(subject.targets["site"], schedule=schedule)}
    clock, count = subject.clock, rate * seconds
    made, left, stop = [0], [count], asyncio.Event()

    def ended(_delivery: object, attempt: Any) -> None:
        made[0] += 1
        left[0] -= isinstance(attempt.step, Delivered)
        if not left[0]:
            stop.set()

    def announce(dispatcher: Any) -> None:
        began = clock.monotonic()
        for number in range(count):
            clock.sleep(max(0.0, began + number / rate - clock.monotonic()))
            subject.announce(number + 1, number + 2)
            dispatcher.wake()

    def start(dispatcher: Any) -> None:
        threading.Thread(target=announce, args=(dispatcher,), daemon=True).start()

    asyncio.run(subject.deliver(stop, ended, start))
    return {"events": count, "attempts": made[0]}


def serve(url: str, store: str) -> dict[str, float]:
    """Deliver what is in the store until SIGTERM."""
    subject = _Ours(url, store)

    async def until_stopped() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await subject.deliver(stop, lambda _delivery, _attempt: None)

    asyncio.run(until_stopped())
    return {}


def fill(url: str, count: int, store: str) -> dict[str, float]:
    """Announce ``count`` events."""
    _Ours(url, store).announce(1, count + 1)
    return {}


def _timed(drain: Callable[[], object], count: int) -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    drain()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return {"rate": count / seconds, "cpu": used / count, "memory": _peak()}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(subject: str, url: str, count: int, store: str, *more: str) -> None:
    """Do what is asked and print the figures."""
    match subject:
        case "ours":
            figures = ours(url, count, store)
        case "mlflow":
            figures = mlflow(url, count, store)
        case "paced":
            seconds, hanging = more
            figures = paced(url, count, store, int(seconds), int(hanging))
        case "steady":
            figures = steady(url, count, store, int(more[0]))
        case "serve":
            figures = serve(url, store)
        case _:
            figures = fill(url, count, store)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
