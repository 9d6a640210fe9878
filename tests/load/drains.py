"""Many webhook deliveries by one process, ours or MLflow's engine.

    python -m tests.load.drains ours|mlflow RECEIVER_URL COUNT STORE_URL

Prints the deliveries a second, the CPU seconds of a delivery, and the peak memory of
the process in bytes. Both sign every request and use one receiver. Ours reads the
deliveries from its store and records each attempt and its result there; MLflow's keeps
nothing.
"""

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_WARM_UP = 200
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def main(subject: str, url: str, count: int, store: str) -> None:
    """Deliver ``count`` events and print the figures."""
    seconds, cpu = (_ours if subject == "ours" else _mlflow)(url, count, store)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    figures = {"rate": count / seconds, "cpu": cpu / count, "memory": peak}
    sys.stdout.write(json.dumps(figures) + "\n")


def _ours(url: str, count: int, store: str) -> tuple[float, float]:
    from controller.clients.clock import SystemClock
    from controller.clients.webhook import Sender
    from controller.core.models.registration import ModelVersion
    from controller.core.webhooks.event import model_registered
    from controller.core.webhooks.payload_profile import with_profiles
    from controller.core.webhooks.retry_schedule import RetrySchedule
    from controller.core.webhooks.signature import key_of
    from controller.engine.dispatcher import Dispatcher, WebhookTarget
    from controller.engine.signed_requests import SignedRequests
    from controller.store.announcements import AnnouncementLedger
    from controller.store.database import Database
    from controller.store.outbox import Outbox
    from tests.builders.http_receiver import LOOPBACK

    clock = SystemClock()
    database = Database(store, clock)
    database.upgrade()
    ledger = AnnouncementLedger(database)
    target = WebhookTarget(url, RetrySchedule((), 0), 10, permitted=LOOPBACK)
    keys = (key_of(SECRET),)

    def announce(first: int, last: int) -> None:
        events = [
            with_profiles(
                model_registered(
                    "mlflow", ModelVersion("leads", n, f"s3://b/{n}", created_ms=n), {}
                ),
                "hokusai-v1",
                (),
            )
            for n in range(first, last)
        ]
        ledger.announce("site", "webhook", events, clock.now())

    async def drain(number: int) -> None:
        stop, left = asyncio.Event(), [number]

        def ended(_delivery: object, _attempt: object) -> None:
            left[0] -= 1
            if not left[0]:
                stop.set()

        async with Sender(clock) as sender:
            await Dispatcher(
                Outbox(database),
                SignedRequests(sender, clock),
                lambda: {"site": target},
                lambda _: keys,
                clock=clock,
                worker="benchmark",
                on_attempt=ended,
            ).run(stop)

    announce(1, _WARM_UP + 1)
    asyncio.run(drain(_WARM_UP))
    announce(_WARM_UP + 1, _WARM_UP + 1 + count)
    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(drain(count))
    return time.perf_counter() - began, time.process_time() - cpu


def _mlflow(url: str, count: int, _store: str) -> tuple[float, float]:
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
    with TemporaryDirectory() as folder:
        registry = SqlAlchemyStore(f"sqlite:///{Path(folder) / 'mlflow.db'}")
        registry.create_webhook("site", url, [created], secret=SECRET)

        def deliver(first: int, last: int) -> None:
            for number in range(first, last):
                payload: Any = {
                    "name": "leads",
                    "version": str(number),
                    "source": f"s3://b/{number}",
                    "run_id": None,
                    "tags": {},
                    "description": None,
                }
                delivery.deliver_webhook(event=created, payload=payload, store=registry)

        executor = delivery._webhook_delivery_executor
        deliver(0, _WARM_UP)
        executor.submit(int).result()
        began, cpu = time.perf_counter(), time.process_time()
        deliver(_WARM_UP, _WARM_UP + count)
        executor.shutdown(wait=True)
        return time.perf_counter() - began, time.process_time() - cpu


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
