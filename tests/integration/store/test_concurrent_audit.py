"""Many writers append to the audit log: threads and processes make one chain."""

import multiprocessing
import threading
from pathlib import Path

import pytest

from controller.clients.clock import SystemClock
from controller.core.audit.chain import verified
from controller.core.audit.entry import AuditEntry
from controller.store.audit_log import AuditLog
from controller.store.database import Database

ROWS, THREADS, PROCESSES = 15, 3, 2
ENTRY = AuditEntry(
    actor="",
    via="pass",
    action="update",
    kind="service",
    name="api",
    outcome="Applied",
    reason="Changed",
    details="{}",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("url"))
    return f"sqlite:///{tmp_path}/store.db"


def append_rows(url: str) -> None:
    """Append rows from several threads, each with a connection of its own."""
    databases = [Database(url, SystemClock()) for _ in range(THREADS)]

    def work(database: Database) -> None:
        for _ in range(ROWS):
            AuditLog(database).append(ENTRY)

    threads = [threading.Thread(target=work, args=(one,)) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()


def test_concurrent_writers_make_one_unbroken_chain(store_url):
    database = Database(store_url, SystemClock())
    database.upgrade()
    started = multiprocessing.get_context("spawn")
    processes = [
        started.Process(target=append_rows, args=(store_url,)) for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    append_rows(store_url)
    for process in processes:
        process.join()

    report = verified(AuditLog(database).records())
    database.close()

    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert report.broken is None
    assert report.count == ROWS * THREADS * (PROCESSES + 1)
