"""The progress of ``apply``, and ``status --watch``."""

from datetime import timedelta

import pytest

from controller.cli.views.progress import ApplyProgress, cost_comparison
from controller.cli.views.watch import StatusWatch
from controller.core.errors import PermanentError
from controller.core.resources.condition import Truth
from controller.core.resources.cost import Cost, CostTotal
from controller.core.resources.driver import Applied, Failed, Progressing, Skipped
from controller.core.resources.plan import Plan
from controller.engine.reconciler import PassResult
from tests.builders.plans import API, NOON, ROLLOUT, UPDATE, conditions

WAITING = conditions(Truth.FALSE, "RolloutInProgress", "api:2 rolls out.")
SECOND = timedelta(seconds=1)


def result(outcome=None, left=None, found=WAITING):
    outcomes = {} if outcome is None else {API: outcome}
    plan = left or Plan(blocked=(ROLLOUT,))
    return PassResult(Plan((UPDATE,)), outcomes, plan, {API: found}, SECOND)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (Applied(), "update: done"),
        (Progressing(SECOND, "ECS replaces the tasks."), "ECS replaces the tasks."),
        (Skipped("It waits for x."), "It waits for x."),
        (Failed(PermanentError("denied")), "failed: denied"),
        (None, "not attempted"),
    ],
)
def test_the_result_of_an_action_is_printed_with_the_time(capsys, outcome, message):
    ApplyProgress().show(result(outcome), 1.25)

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("   1.2 s  service/api  update: ")
    assert message in first
    assert second.endswith("service/api  RolloutInProgress: api:2 rolls out.")


def test_a_line_is_printed_once_and_pending_resources_every_15_seconds(capsys):
    progress = ApplyProgress()

    for elapsed in (1, 2, 15, 16, 30, 31):
        progress.show(result(Applied()), elapsed)

    assert capsys.readouterr().err.splitlines()[2:] == [
        "  16.0 s  still waiting for service/api",
        "  31.0 s  still waiting for service/api",
    ]


def test_actual_and_estimated_cost_are_compared():
    assert cost_comparison(CostTotal(Cost(4, 1, 40), Cost(3, 1, 12), 9)) == (
        "Actual: 3 write calls (estimated: 4), 1 restart (estimated: 1), "
        "12 s (estimated: 40), 9 read calls."
    )


def test_a_watch_without_a_terminal_prints_changes_only(capsys):
    with StatusWatch("table") as watched:
        watched.show({API: WAITING}, NOON)
        watched.show({API: WAITING}, NOON + SECOND)
        watched.show({API: conditions()}, NOON + SECOND)

    assert capsys.readouterr().out.splitlines() == [
        "2026-01-01T12:00:00Z  service/api  RolloutInProgress: api:2 rolls out.",
        "2026-01-01T12:00:01Z  service/api  Ready: It is well.",
    ]


def test_a_watch_prints_a_stalled_rollout_again_only_when_its_cause_changes(capsys):
    sentence = "api:2 rolls out: {} of 1 tasks run, {} failed: api exited with {}."
    with StatusWatch("table") as watched:
        for counts in ((0, 3, 1), (1, 3, 1), (0, 4, 1), (0, 5, 137)):
            message = sentence.format(*counts)
            found = conditions(
                Truth.FALSE, "RolloutStalled", message, stalled=Truth.TRUE
            )
            watched.show({API: found}, NOON)

    assert capsys.readouterr().out.splitlines() == [
        f"2026-01-01T12:00:00Z  service/api  Stalled: {sentence.format(*counts)}"
        for counts in ((0, 3, 1), (0, 5, 137))
    ]


def test_a_watch_in_json_prints_the_complete_data_at_each_change(capsys):
    with StatusWatch("json") as watched:
        watched.show({API: WAITING}, NOON)
        watched.show({API: WAITING}, NOON + SECOND)

    assert capsys.readouterr().out.count('"kind": "Status"') == 1
