"""``store upgrade``: create the database schema without a controller."""

from pathlib import Path

import pytest

from controller.cli import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path, monkeypatch):
    file = tmp_path / "controller.db"
    monkeypatch.setenv("HOKUSAI_STORE_URL", f"sqlite:///{file}")
    monkeypatch.chdir(ROOT)
    return file


def test_it_creates_the_tables_and_can_be_repeated(store, capsys):
    assert main(["store", "upgrade"]) == 0
    assert main(["store", "upgrade"]) == 0

    assert store.exists()
    assert "is up to date" in capsys.readouterr().err


def test_other_commands_can_read_the_new_tables(store, capsys):
    main(["store", "upgrade"])

    assert main(["status"]) == 2
    assert "No pass was recorded yet" in capsys.readouterr().err
