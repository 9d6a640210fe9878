"""A fixed sample of the search, within seconds; ``make proof`` plays all of it."""

import os
import subprocess
import sys
from itertools import islice

import pytest

from tests.faults.catalogue import WORKLOADS
from tests.faults.enumerate import seconds, singles
from tests.faults.mutants import MUTANTS, killed_by
from tests.faults.plan import Plan, drawn, shrunk
from tests.faults.player import explored, nearest, played, resumed
from tests.faults.search import case_of, replayed, schedules, verdict

SAMPLE = 8


@pytest.mark.parametrize("name", [workload.name for workload in WORKLOADS])
def test_a_workload_converges_without_faults(name):
    case = case_of(name)

    unseen = [words for seen in case.reference.passes for words in seen.unseen]
    assert unseen == []
    assert verdict(case, case.reference) == []


@pytest.mark.parametrize("name", [workload.name for workload in WORKLOADS])
def test_a_workload_survives_a_sample_of_single_faults(name):
    case = case_of(name)
    plans = [*singles(case.trace)]
    some = [plans[drawn(7, number, len(plans))] for number in range(SAMPLE)]

    found = {plan: verdict(case, played(case, plan)) for plan in some}

    assert not {plan: wrongs for plan, wrongs in found.items() if wrongs}


def test_random_schedules_do_no_harm():
    tally = schedules(1, 25)

    assert tally.failures == []
    assert tally.plans["random"] == 25


@pytest.mark.parametrize("mutant", [*islice(MUTANTS, 0, None, 8)], ids=lambda m: m.name)
def test_a_planted_bug_is_found(mutant):
    assert killed_by(mutant)


def test_what_is_known_of_the_way_from_a_state_is_what_follows():
    case = case_of("alias move")

    for plan in islice(singles(case.trace), 0, None, 15):
        short, full = played(case, plan), played(case, plan, fully=True)
        assert (short.took, short.noisy, short.end) == (full.took, full.noisy, full.end)
        assert +short.effects == +full.effects


def test_what_a_second_fault_does_to_a_state_it_does_to_its_like():
    case = case_of("alias move")
    case.memo.forks.clear()
    known = 0
    for (first,) in islice(singles(case.trace), 3, None, 16):
        run, boundaries = explored(case, (first,))
        for both in islice(seconds(first, run.calls), 5, None, 5):
            start = nearest(boundaries, both[-1].at)
            before = len(case.memo.forks)
            short = resumed(case, start, both[len(start.struck) :])
            if start.visit is None or len(case.memo.forks) > before:
                continue
            known += 1
            full = played(case, both, fully=True)
            assert short.took == full.took
            assert +short.effects == +full.effects
            assert _lengths(short) == _lengths(full)
            assert verdict(case, short) == verdict(case, full)
    assert known > 20


def _lengths(run):
    return {name: len(told) for name, told in run.told.items()}, len(run.rows)


def test_a_plan_is_written_to_a_file_and_played_again(tmp_path):
    case = case_of("alias move")
    plan = Plan("alias move", next(singles(case.trace)), seed=3)

    again = Plan.from_json(plan.write(tmp_path).read_text())

    assert again == plan
    assert replayed(again) == []


def test_a_plan_is_shrunk_to_the_faults_that_matter():
    faults = next(iter(singles(case_of("alias move").trace)))
    many = faults * 1 + tuple(
        f for (f,) in islice(singles(case_of("alias move").trace), 1, 5)
    )

    assert shrunk(many, lambda some: many[2] in some) == (many[2],)


def test_a_seed_is_the_same_run_whatever_the_hash_seed():
    program = (
        "from tests.faults.search import case_of, drawn_plan;"
        "from tests.faults.player import played;"
        "p = drawn_plan(11); r = played(case_of(p.workload), p.faults, fully=True);"
        "print(p, r.took, sorted(r.effects.items()), r.end, [c for c in r.calls])"
    )

    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
        )
        for seed in ("0", "1", "2026")
    ]
    runs = {process.communicate()[0] for process in started}

    assert all(process.returncode == 0 for process in started)
    assert len(runs) == 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_planted_bug_finds_its_place(mutant):
    place = mutant.place if isinstance(mutant.place, dict) else vars(mutant.place)
    good = place[mutant.attribute]

    with mutant.planted():
        changed = place[mutant.attribute] is not good

    assert changed
