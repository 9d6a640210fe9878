"""What ``apply`` tells while it waits."""

from datetime import timedelta

import pytest

from controller.cli.views.progress import Progress, compared
from controller.cli.views.watch import Watched
from controller.core.conditions import Truth
from controller.core.cost import Bill, Cost
from controller.core.driver import Applied, Failed, Progressing, Skipped
from controller.core.errors import PermanentError
from controller.core.plan import Plan
from controller.engine.reconciler import PassResult
from tests.unit.cli.verdicts import API, NOON, ROLLOUT, UPDATE, conditions

WAITING = conditions(Truth.FALSE, "RolloutInProgress", "api:2 rolls out.")
SECOND = timedelta(seconds=1)


def result(outcome=None, left=None, found=WAITING):
    outcomes = {} if outcome is None else {API: outcome}
    plan = left or Plan(blocked=(ROLLOUT,))
    return PassResult(Plan((UPDATE,)), outcomes, plan, {API: found}, SECOND)


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Applied(), "update: done"),
        (Progressing(SECOND, "ECS replaces the tasks."), "ECS replaces the tasks."),
        (Skipped("It waits for x."), "It waits for x."),
        (Failed(PermanentError("denied")), "failed: denied"),
        (None, "not tried"),
    ],
)
def test_what_came_of_an_action_is_told_with_the_time(capsys, outcome, told):
    Progress().show(result(outcome), 1.25)

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("   1.2 s  service/api  update: ")
    assert told in first
    assert second.endswith("service/api  RolloutInProgress: api:2 rolls out.")


def test_nothing_is_told_twice_but_now_and_then_what_is_waited_for(capsys):
    progress = Progress()

    for elapsed in (1, 2, 15, 16, 30, 31):
        progress.show(result(Applied()), elapsed)

    assert capsys.readouterr().err.splitlines()[2:] == [
        "  16.0 s  still waiting for service/api",
        "  31.0 s  still waiting for service/api",
    ]


def test_foretold_and_real_stand_side_by_side():
    assert compared(Bill(Cost(4, 1, 40), Cost(3, 1, 12), 9)) == (
        "It took 3 calls that changed something (foretold: 4), 1 restart (1) and 12 s"
        " (40); 9 calls more were made to look."
    )


def test_a_watch_that_nobody_draws_tells_changes_only(capsys):
    with Watched("table") as watched:
        watched.show({API: WAITING}, NOON)
        watched.show({API: WAITING}, NOON + SECOND)
        watched.show({API: conditions()}, NOON + SECOND)

    assert capsys.readouterr().out.splitlines() == [
        "12:00:00  service/api  RolloutInProgress: api:2 rolls out.",
        "12:00:01  service/api  Ready: It is well.",
    ]


def test_a_watch_tells_what_is_stuck_once_and_anew_when_the_cause_changes(capsys):
    sentence = "api:2 rolls out: {} of 1 tasks run, {} failed: api exited with {}."
    with Watched("table") as watched:
        for counts in ((0, 3, 1), (1, 3, 1), (0, 4, 1), (0, 5, 137)):
            told = sentence.format(*counts)
            found = conditions(Truth.FALSE, "RolloutStalled", told, stalled=Truth.TRUE)
            watched.show({API: found}, NOON)

    assert capsys.readouterr().out.splitlines() == [
        f"12:00:00  service/api  Stalled: {sentence.format(*counts)}"
        for counts in ((0, 3, 1), (0, 5, 137))
    ]


def test_a_watch_for_programs_is_whole_at_each_change(capsys):
    with Watched("json") as watched:
        watched.show({API: WAITING}, NOON)
        watched.show({API: WAITING}, NOON + SECOND)

    assert capsys.readouterr().out.count('"kind": "Status"') == 1
