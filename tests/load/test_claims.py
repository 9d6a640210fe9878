"""A claim of due deliveries costs the same with a million rows of history."""

import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from controller.clients.clock import SystemClock
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.outbox import Outbox
from tests.fakes.postgres import postgres

pytestmark = pytest.mark.load
HISTORY = 1_000_000
DUE, CLAIMED = 64, 8
# A use of the store has a deadline of seconds.
_AT_ONCE = 10_000
_CLAIMS = 300
LEASE = timedelta(minutes=1)
# One row of history: an event about a version, and its accepted delivery.
_NUMBERS = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s "
    "WHERE n < {last}) ",
    "postgresql": "WITH s(n) AS (SELECT generate_series({first}, {last})) ",
}
_PREFIX = {"sqlite": "", "postgresql": "hokusai."}
_EVENTS = (
    "INSERT INTO {prefix}webhook_events (id, type, registry, model, number, "
    "created_ms, body, recorded) {numbers} SELECT 'old-' || n, 'model.registered', "
    "'r', 'm', n, n, CAST('{{}}' AS {blob}), '{then}' FROM s"
)
_DELIVERIES = (
    "INSERT INTO {prefix}deliveries (event_id, target, sink, state, attempts, next_at, "
    "recorded, ended) {numbers} SELECT 'old-' || n, 'site', 'webhook', 'delivered', 1, "
    "'{then}', '{then}', '{then}' FROM s"
)


@contextmanager
def stored(kind):
    """Yield an empty store with its tables."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        # The user of the server enters it.
        Path(folder).chmod(0o755)
        if kind == "sqlite":
            yield opened(f"sqlite:///{folder}/store.db")
            return
        data = Path(folder) / "server"
        data.mkdir()
        with postgres(data) as server:
            yield opened(server.url())


def opened(url):
    database = Database(url, SystemClock())
    database.upgrade()
    return database


def announce(database):
    identities = [VersionIdentity("r", "due", n, n) for n in range(DUE)]
    events = [
        WebhookEvent(f"due-{i.number}", "model.registered", i, b"{}")
        for i in identities
    ]
    now = SystemClock().now()
    AnnouncementLedger(database).announce("site", "webhook", events, now)


def claim_seconds(database):
    """Return the time of one claim; the deliveries are due again afterwards."""
    outbox = Outbox(database)

    def measure():
        began = time.perf_counter()
        found = outbox.claim("worker", "site", CLAIMED, LEASE)
        took = time.perf_counter() - began
        assert len(found) == CLAIMED
        outbox.release(found)
        return took

    # Of other work on the machine, the fastest tenth shows least.
    times = sorted(measure() for _ in range(_CLAIMS))
    return times[_CLAIMS // 10]


def write_history(database, kind):
    fields = {
        "prefix": _PREFIX[kind],
        "blob": "BLOB" if kind == "sqlite" else "BYTEA",
        "then": "2026-01-01 00:00:00",
    }
    for first in range(1, HISTORY, _AT_ONCE):
        numbers = _NUMBERS[kind].format(first=first, last=first + _AT_ONCE - 1)
        for statement in (_EVENTS, _DELIVERIES):
            with database.writing(fenced=False) as connection:
                connection.execute(text(statement.format(numbers=numbers, **fields)))
    with database.writing(fenced=False) as connection:
        connection.execute(text("ANALYZE"))
    if kind == "sqlite":
        # The history of months is not in the write-ahead log.
        with database.reading() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_claim_does_not_read_the_history(kind, figures):
    with stored(kind) as database:
        announce(database)
        empty = claim_seconds(database) * 1000
        write_history(database, kind)

        full = claim_seconds(database) * 1000
        database.close()

    figures.note(f"claim on {kind} with 1,000,000 rows", full, empty, "ms", "no rows")
    assert full < 2 * empty
