"""Concurrent workers: several connection pools on one PostgreSQL."""

import threading
from datetime import timedelta

import pytest

from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.lease import Lease, Leases
from controller.store.outbox import Outbox
from tests.fakes.stopped_clock import NOON, StoppedClock

TTL = timedelta(seconds=60)


def events(count: int) -> list[WebhookEvent]:
    return [
        WebhookEvent(
            f"id-{n}", "model.registered", VersionIdentity("r", "m", n, n), b"{}"
        )
        for n in range(count)
    ]


@pytest.fixture
def pools(database, url):
    others = [Database(url, StoppedClock()) for _ in range(3)]
    yield [database, *others]
    for other in others:
        other.close()


def at_once(work, pools):
    results = []
    threads = [
        threading.Thread(target=lambda p=pool, n=n: results.append(work(p, n)))
        for n, pool in enumerate(pools)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_each_delivery_goes_to_one_worker(database, pools):
    AnnouncementLedger(database).announce("site", "webhook", events(40), NOON)

    def drain(pool, n):
        outbox = Outbox(pool)
        claimed = []
        while batch := outbox.claim(f"w{n}", "site", 3, TTL):
            claimed += [delivery.id for delivery in batch]
        return claimed

    claimed = sorted(id_ for ids in at_once(drain, pools) for id_ in ids)

    assert len(claimed) == 40
    assert len(set(claimed)) == 40


def test_concurrent_announcements_announce_each_version_once(database, pools):
    announced = at_once(
        lambda pool, _: AnnouncementLedger(pool).announce(
            "site", "webhook", events(40), NOON
        ),
        pools,
    )

    assert sum(announced) == 40
    assert len(AnnouncementLedger(database).announced("site")) == 40


def test_one_of_several_concurrent_claims_gets_the_lease(pools):
    claims = at_once(
        lambda pool, n: Leases(pool).acquire("reconcile", f"w{n}", TTL), pools
    )

    assert sum(isinstance(claim, Lease) for claim in claims) == 1
