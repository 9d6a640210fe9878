"""Whoever was stopped for longer than its lease writes nothing when it goes on."""

from pathlib import Path

import pytest

from controller.store.database import Database
from controller.store.tables import metadata
from tests.fakes.sim_schedules import violations
from tests.fakes.stopped_clock import StoppedClock

SAMPLE, ALL = 150, 10_000


@pytest.fixture
def databases(tmp_path: Path):
    clock = StoppedClock()
    url = f"sqlite:///{tmp_path / 'store.db'}"
    both = [Database(url, clock), Database(url, clock)]
    with both[0].writing() as connection:
        metadata.create_all(connection)
    yield both
    for database in both:
        database.close()


def test_no_old_token_writes_in_a_sample_of_schedules(databases):
    found = {seed: violations(databases, seed) for seed in range(SAMPLE)}

    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


@pytest.mark.proof
def test_no_old_token_writes_in_ten_thousand_schedules(databases):
    found = {seed: violations(databases, seed) for seed in range(ALL)}

    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


def test_a_store_without_a_fence_takes_an_old_token(databases, monkeypatch):
    monkeypatch.setattr(Database, "fence", lambda _self, _check: None)

    assert any(violations(databases, seed) for seed in range(SAMPLE))
