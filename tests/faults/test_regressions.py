"""Bugs that the search found, each as the smallest plan that showed it."""

import pytest

from tests.fakes.sim_faults import Fault, FaultKind
from tests.faults.enumerate import singles
from tests.faults.plan import Plan
from tests.faults.player import played
from tests.faults.search import case_of, replayed, verdict


def at(workload: str, operation: str, number: int = 0) -> int:
    """Return the index of the call of ``operation``; the one after ``number`` others."""
    calls = [c.index for c in case_of(workload).trace if c.operation == operation]
    return calls[number]


def plan(workload: str, *faults: tuple[int, FaultKind]) -> Plan:
    """Return the plan in which ``faults`` happen."""
    drawn = [f for (f,) in singles(case_of(workload).trace)]
    known = {(f.at, f.kind): f for f in drawn}
    return Plan(workload, tuple(known[fault] for fault in faults))


def test_a_version_that_was_seen_is_not_made_again_after_a_stale_look():
    workload = "new model version"
    alias = at(workload, "POST registered-models/alias")
    first = plan(workload, (alias, FaultKind.SERVER_ERROR)).faults[0]
    run = played(case_of(workload), (first,), fully=True)
    looks = [
        call.index
        for call in run.calls
        if call.index > alias and call.operation == "GET model-versions/search"
    ]
    case = case_of(workload)

    wrongs = [
        verdict(case, played(case, (first, Fault(look, FaultKind.STALE_READ))))
        for look in looks
    ]

    assert wrongs == [[] for _ in looks]


@pytest.mark.parametrize(
    "kind", [FaultKind.CRASH_BEFORE, FaultKind.THROTTLED, FaultKind.TIMEOUT]
)
def test_a_log_group_is_finished_although_the_first_try_broke_off(kind):
    workload = "dependency chain"
    retention = at(workload, "logs:PutRetentionPolicy")

    assert replayed(plan(workload, (retention, kind))) == []


@pytest.mark.parametrize("kind", [FaultKind.CRASH_BEFORE, FaultKind.TIMEOUT])
def test_a_stamp_is_renewed_although_the_first_try_broke_off(kind):
    workload = "image rollout"
    stamp = at(workload, "ecs:TagResource")

    assert replayed(plan(workload, (stamp, kind))) == []


@pytest.mark.parametrize("workload", ["image rollout", "alias move"])
def test_a_leader_that_wakes_late_writes_nothing_more(workload):
    plans = [
        Plan(workload, faults)
        for faults in singles(case_of(workload).trace)
        if faults[0].kind is FaultKind.PAUSED_LEADER
    ]

    assert {p: w for p in plans if (w := replayed(p))} == {}


def test_a_task_definition_that_was_delivered_twice_is_retired():
    workload = "image rollout"
    register = at(workload, "ecs:RegisterTaskDefinition")
    case = case_of(workload)

    run = played(case, plan(workload, (register, FaultKind.DUPLICATE)).faults)

    assert verdict(case, run) == []
    assert run.effects["RegisterTaskDefinition", "hokusai-api-development"] == 2
    assert run.effects["DeregisterTaskDefinition", "hokusai-api-development"] == 1


def test_a_copy_is_retired_although_the_first_look_for_it_failed():
    workload = "image rollout"
    register = at(workload, "ecs:RegisterTaskDefinition")
    case = case_of(workload)
    first = plan(workload, (register, FaultKind.DUPLICATE)).faults[0]
    second = Fault(register + 1, FaultKind.SERVER_ERROR)

    assert verdict(case, played(case, (first, second))) == []


def test_a_revision_whose_reply_was_lost_is_found_although_the_list_lags():
    workload = "image rollout"
    register = at(workload, "ecs:RegisterTaskDefinition")
    case = case_of(workload)
    first = plan(workload, (register, FaultKind.CRASH_AFTER)).faults[0]
    looks = [
        call.index
        for call in played(case, (first,), fully=True).calls
        if call.index > register and call.operation == "ecs:ListTaskDefinitions"
    ]

    wrongs = [
        verdict(case, played(case, (first, Fault(look, FaultKind.STALE_READ))))
        for look in looks
    ]

    assert looks
    assert wrongs == [[] for _ in looks]


@pytest.mark.parametrize("kind", [FaultKind.THROTTLED, FaultKind.SERVER_ERROR])
def test_tasks_are_restarted_once_although_the_stamp_was_refused(kind):
    workload = "new digest under a tag, redeployed"
    stamp = at(workload, "ecs:TagResource", 1)

    assert replayed(plan(workload, (stamp, kind))) == []


@pytest.mark.parametrize("kind", [FaultKind.CRASH_AFTER, FaultKind.LOST_REPLY])
def test_who_asks_again_for_a_restart_that_came_to_be_gets_no_second_one(kind):
    workload = "restart by hand"
    update = at(workload, "ecs:UpdateService")

    assert replayed(plan(workload, (update, kind))) == []


@pytest.mark.parametrize("kind", [FaultKind.CRASH_AFTER, FaultKind.LOST_REPLY])
def test_who_is_told_late_of_a_restart_gets_no_second_one(kind):
    workload = "restart by hand"
    case = case_of(workload)
    record = at(workload, "ecs:TagResource", 1) + 1
    tasks = at(workload, "ecs:DescribeTasks", 2)
    late = (
        Fault(record, kind),
        Fault(record + 1, FaultKind.TIMEOUT),
        Fault(tasks + 2, FaultKind.PAUSED_LEADER),
    )

    assert case.trace[record].operation == "write"
    assert verdict(case, played(case, late, fully=True)) == []


def test_a_tag_is_taken_away_although_the_look_did_not_show_it_yet():
    workload = "tags come and go"
    stamped = at(workload, "ecs:TagResource", 1)
    looks = [
        call.index
        for call in case_of(workload).trace
        if call.index > stamped and call.operation == "ecs:DescribeServices"
    ]

    lagging = [plan(workload, (look, FaultKind.STALE_READ)) for look in looks]

    assert {p: w for p in lagging if (w := replayed(p))} == {}


def test_a_step_that_failed_is_not_run_again_for_a_late_copy_of_its_revision():
    workload = "retry by hand of a step before a rollout"
    register = at(workload, "ecs:RegisterTaskDefinition")

    late = plan(workload, (register, FaultKind.PAUSED_LEADER))

    assert replayed(late) == []
