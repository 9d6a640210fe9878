"""Modules in memory after complete commands.

``tests/contracts/test_imports.py`` checks the modules of a command; imports that the
command makes while it runs are only visible here.
"""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
from controller.cli import main
status = main(sys.argv[1:])
held = [name for name, module in sys.modules.items() if module is not None]
print(json.dumps(held), file=sys.stderr)
sys.exit(status)
"""
HEAVY = {"alembic", "apscheduler", "boto3", "fastapi", "jsonschema", "mlflow", "rich"}


def held_after(*words):
    """Return the exit status and the top-level modules of a command."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    modules = json.loads(ran.stderr.splitlines()[-1])
    return ran.returncode, {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    ("words", "without"),
    [
        pytest.param(["validate"], {"botocore", "sqlalchemy", "httpx"}, id="validate"),
        pytest.param(["explain"], {"botocore", "sqlalchemy", "httpx"}, id="explain"),
        pytest.param(["completion", "bash"], {"pydantic", "yaml"}, id="completion"),
    ],
)
def test_an_offline_command_imports_no_client(here, words, without):
    status, held = held_after(*words)

    assert status == 0
    assert held & (HEAVY | without) == set()


def test_a_diff_without_a_store_imports_no_database(world):
    status, held = held_after("diff", "--without-store")

    assert status == 1
    assert held & (HEAVY | {"sqlalchemy"}) == set()


def test_a_diff_with_a_store_imports_nothing_that_serves(world, recorded):
    status, held = held_after("diff")

    assert status == 1
    assert held & HEAVY == set()
    assert "sqlalchemy" in held


def test_a_status_asks_only_the_store(recorded, here):
    recorded.save_statuses()
    _, held = held_after("status")

    assert held & (HEAVY | {"botocore", "httpx"}) == set()
