"""Random schedules of two leaders on a real PostgreSQL."""

import pytest

from controller.store.database import Database
from tests.fakes.sim_schedules import violations

SAMPLE, ALL = 200, 10_000


@pytest.fixture
def databases(url, clock, database):
    other = Database(url, clock)
    yield [database, other]
    other.close()


def test_no_old_token_writes_in_a_sample_of_schedules(databases):
    found = {seed: violations(databases, seed) for seed in range(SAMPLE)}

    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


@pytest.mark.proof
def test_no_old_token_writes_in_ten_thousand_schedules(databases):
    found = {seed: violations(databases, seed) for seed in range(ALL)}

    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}
