"""What a controller holds when there is nothing to do."""

import sqlite3
from contextlib import closing

import pytest

from tests.fakes.stage import stage
from tests.load import crowd
from tests.load.hokusai import Hokusai
from tests.load.resting import KIB, memory_of, resting

pytestmark = pytest.mark.load
MIB = KIB * KIB
EACH = 1_000


def test_the_controller_at_rest(converged, figures):
    with resting(converged) as pid:
        shared, all_of_it = memory_of(pid), memory_of(pid, "Rss")

    figures.note("controller at rest on the sample, PSS", shared / MIB, 120, "MB")
    figures.note("controller at rest on the sample, RSS", all_of_it / MIB, 120, "MB")


def test_each_further_resource(tmp_path, figures):
    few = crowd.write(tmp_path / "few", 0)
    many = crowd.write(tmp_path / "many", EACH)
    crowd.make_true(many, tmp_path / "mlflow")
    with stage(tmp_path, few, "development") as variables:
        # The first start makes the tables and writes every status once.
        for start in ("a new store", "a store of before"):
            with resting(Hokusai(few, variables)) as pid:
                empty = memory_of(pid)
            with resting(Hokusai(many, variables)) as pid:
                full = memory_of(pid)
            each = (full - empty) / (2 * EACH) / KIB
            what = f"each of {2 * EACH} further resources, on {start}"
            figures.note(what, each, 6, "KB")
    assert _actions(many) == 0


def _actions(file):
    """Return what was ever set out to be done: nothing, where all is as declared."""
    with closing(sqlite3.connect(file.parent / "store.db")) as store:
        (count,) = store.execute("SELECT count(*) FROM intents").fetchone()
    return count
