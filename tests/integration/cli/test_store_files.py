"""The file of an SQLite store: deleted, replaced, damaged, or not writable."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from controller.cli import main
from controller.clients.clock import SystemClock
from controller.core.errors import RefusedError, StoreLostError
from controller.core.resources.condition import Truth
from controller.store.database import Database
from controller.store.triggers import Triggers
from tests.builders.namespaces import require_namespaces
from tests.builders.waiting import eventually


@pytest.fixture
def file(here):
    return here / "store.db"


@pytest.fixture
def database(file):
    database = Database(f"sqlite:///{file}", SystemClock())
    database.upgrade()
    yield database
    database.close()


def delete(file):
    file.unlink()


def replace(file):
    file.rename(file.with_suffix(".moved"))
    Database(f"sqlite:///{file}", SystemClock()).close()


@pytest.mark.parametrize("lose", [delete, replace])
def test_a_file_that_was_lost_is_neither_read_nor_written(database, file, lose):
    lose(file)

    with pytest.raises(StoreLostError, match=str(file)):
        Triggers(database).ask("a test", SystemClock().now())
    with pytest.raises(StoreLostError, match="while it was in use"):
        Triggers(database).latest()


def test_a_process_without_a_lease_uses_the_new_file_afterwards(database, file):
    reader = Database(f"sqlite:///{file}", SystemClock(), reopens=True)
    Triggers(database).ask("a test", SystemClock().now())
    before = Triggers(reader).latest()
    delete(file)
    with pytest.raises(StoreLostError):
        Triggers(reader).latest()
    again = Database(f"sqlite:///{file}", SystemClock())
    again.upgrade()
    again.close()
    with pytest.raises(StoreLostError):
        Triggers(reader).latest()

    after = Triggers(reader).latest()
    reader.close()

    assert (before, after) == (1, 0)


@pytest.mark.parametrize("lose", [delete, replace])
def test_a_controller_whose_file_was_lost_gives_up_the_lease_and_says_so(
    world, controllers, file, lose
):
    controller = controllers().start()
    eventually(controller.leads, within=60)
    eventually(controller.passes, within=60)

    lose(file)
    second = controllers("second").start()

    eventually(
        lambda: "lease lost" in controller.messages() and "in use" in told(controller),
        within=30,
    )
    eventually(lambda: controller.leads() != second.leads(), within=60)
    assert controller.alive()


def told(controller):
    return " ".join(str(line.get("error", "")) for line in controller.logged())


def test_a_damaged_file_is_refused_with_the_remedy(database, file, capsys):
    database.close()
    file.write_bytes(b"no database at all" * 100)

    assert main(["status"]) == 2

    said = capsys.readouterr().err
    assert f"mv {file} {file}.damaged" in said
    assert "only history is lost" in said


def test_a_file_that_is_damaged_under_a_controller_is_refused(database, file):
    with sqlite3.connect(file) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    with file.open("r+b") as opened:
        opened.write(content)
    database.close()

    again = Database(f"sqlite:///{file}", SystemClock())
    with pytest.raises(RefusedError, match="is damaged"):
        again.upgrade()
    again.close()


def test_a_controller_with_a_damaged_file_ends_with_the_remedy(
    world, controllers, file
):
    file.write_bytes(b"no database at all" * 100)
    controller = controllers().start()

    assert controller.process.wait(30) == 2
    assert f"mv {file} {file}.damaged" in controller.file.read_text()


def test_a_directory_that_cannot_be_written_is_refused_with_the_variable(
    here, monkeypatch, capsys
):
    (here / "a-file").write_text("")
    monkeypatch.setenv("HOKUSAI_STORE_URL", f"sqlite:///{here}/a-file/store.db")

    assert main(["store", "upgrade"]) == 2
    assert "set HOKUSAI_STORE_URL" in capsys.readouterr().err


ROOT = Path(__file__).parents[3]
READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" && '


@pytest.mark.parametrize("running", [False, True], ids=["at rest", "in use"])
@pytest.mark.parametrize(
    "command", ["status", "events", "why service/api", "audit list", "audit verify"]
)
def test_records_are_read_on_a_read_only_file_system(recorded, here, running, command):
    require_namespaces("--mount")
    recorded.save_statuses(api=(Truth.TRUE, "Ready", "All is well."))
    if not running:
        recorded.database.close()
    script = f'{READ_ONLY} exec "$2" -m controller {command}'

    ran = subprocess.run(
        ("unshare", "--mount", "sh", "-c", script, "sh", str(here), sys.executable),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" not in ran.stderr
    assert ran.returncode in {0, 1}, ran.stderr


def test_reading_does_not_create_a_store(here, file):
    with pytest.raises(RefusedError):
        Database(f"sqlite:///{file}", SystemClock(), read_only=True).check()
