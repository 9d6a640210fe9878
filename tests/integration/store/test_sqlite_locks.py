"""Locks of an SQLite file stay held while the same process opens the file again.

POSIX drops all locks of a process on a file when the process closes any descriptor of
it. Another process then takes the file for unused and resets its journal, which damages
the database (sqlite.org/howtocorrupt.html, section 2.2).
"""

import subprocess
import sys

import pytest

from controller.store.audit_log import AuditLog
from controller.store.database import Database
from tests.fakes.stopped_clock import StoppedClock

# The range that SQLite locks for as long as a connection in WAL mode is open.
_TRY = """\
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
    except OSError:
        sys.exit(7)
"""


def is_locked(file):
    ran = subprocess.run((sys.executable, "-c", _TRY, str(file)), check=False)
    return ran.returncode == 7


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
def test_a_second_use_of_the_file_keeps_the_locks_of_the_first(tmp_path, read_only):
    url = f"sqlite:///{tmp_path}/store.db"
    first = Database(url, StoppedClock())
    first.upgrade()
    assert is_locked(tmp_path / "store.db")

    second = Database(url, StoppedClock(), read_only=read_only)
    found = [*AuditLog(second).records()]

    assert found == []
    assert is_locked(tmp_path / "store.db")
    second.close()
    assert is_locked(tmp_path / "store.db")
    first.close()
    assert not is_locked(tmp_path / "store.db")
