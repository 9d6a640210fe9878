"""A database with an older schema: the commands that may migrate it."""

import pytest

from controller.cli import main
from controller.clients.clock import SystemClock
from controller.store.database import Database
from controller.store.schema import SchemaState
from tests.builders.command_line import HEADER
from tests.builders.next_schema import program_of_the_next_version

READERS = (["diff"], ["status"], ["events"], ["why", "service/web"])
DOCUMENT = f"""\
{HEADER}\
services:
  web: {{image: "web:1", cpu: 256, memory: 512}}
"""


@pytest.fixture
def older(here, tmp_path):
    """Return a store that this version of the program has made; be the next one."""
    (here / "hokusai.yaml").write_text(DOCUMENT)
    database = Database(f"sqlite:///{here}/store.db", SystemClock())
    database.upgrade()
    with program_of_the_next_version(tmp_path):
        yield database
    database.close()


@pytest.mark.parametrize("command", READERS, ids=lambda words: words[0])
def test_a_read_only_command_names_the_migration_and_changes_nothing(
    older, capsys, command
):
    status = main(command)

    assert status == 2
    assert "older than this program" in capsys.readouterr().err
    assert older.state() is SchemaState.OLDER


def test_apply_migrates_the_schema(older, world):
    main(["apply", "--yes", "--timeout", "5"])

    assert older.state() is SchemaState.CURRENT
