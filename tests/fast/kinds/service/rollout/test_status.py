"""Phases of the controller's rollout, and the health of a service in each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.resources.kind import HealthLevel
from controller.core.resources.plan import Change, Hold
from controller.kinds.service import KIND
from controller.kinds.service.render.fingerprint import definition_hash
from controller.kinds.service.rollout.status import Phase, rollout_of
from controller.kinds.service.state.service import Rejection
from tests.builders.rollouts import DEADLINE, flight, primary, seen
from tests.builders.services import spec


@pytest.mark.parametrize(
    ("there", "phase"),
    [
        pytest.param(
            {"deployment": primary(2), "our_deployment": "ecs-svc/2"},
            Phase.SUCCEEDED,
            id="ours is in place",
        ),
        pytest.param(
            {"deployment": primary(2)}, Phase.SUCCEEDED, id="nobody says whose it is"
        ),
        pytest.param(
            {"deployment": primary(2, "IN_PROGRESS", 0), "our_deployment": "ecs-svc/2"},
            Phase.IN_PROGRESS,
            id="ours is under way",
        ),
        pytest.param(
            {
                "deployment": primary(2, "IN_PROGRESS", 0),
                "our_deployment": "ecs-svc/2",
                "stalled_for": DEADLINE,
            },
            Phase.STALLED,
            id="ours makes no progress",
        ),
        pytest.param(
            {
                "deployment": primary(1, "IN_PROGRESS", 0),
                "our_deployment": "ecs-svc/2",
                "service_deployment": flight(2, "ROLLBACK_IN_PROGRESS"),
            },
            Phase.ROLLING_BACK,
            id="ECS goes back",
        ),
        pytest.param(
            {
                "deployment": primary(1),
                "our_deployment": "ecs-svc/2",
                "service_deployment": flight(2, "ROLLBACK_SUCCESSFUL"),
            },
            Phase.ROLLED_BACK,
            id="ECS went back, which it calls stable",
        ),
        pytest.param(
            {
                "deployment": primary(1),
                "our_deployment": "ecs-svc/2",
                "service_deployment": flight(2, "STOPPED"),
            },
            Phase.STOPPED,
            id="somebody stopped ours",
        ),
        pytest.param(
            {
                "deployment": primary(3),
                "our_deployment": "ecs-svc/2",
                "service_deployment": flight(3, "SUCCESSFUL"),
            },
            Phase.SUPERSEDED,
            id="somebody deployed after us",
        ),
        pytest.param(
            {
                "deployment": primary(2),
                "our_deployment": "ecs-svc/2",
                "service_deployment": flight(2, "ROLLBACK_FAILED"),
            },
            Phase.FAILED,
            id="not even going back worked",
        ),
        pytest.param(
            {"deployment": primary(1, "FAILED", 0)},
            Phase.FAILED,
            id="there was nothing to go back to",
        ),
    ],
)
def test_each_end_of_a_rollout_has_its_own_name(there, phase):
    assert rollout_of(seen(**there), DEADLINE).phase is phase


def test_the_progress_has_tasks_failures_and_stage():
    deployment = primary(2, "IN_PROGRESS", 0, pending=1)
    there = seen(
        deployment,
        our_deployment="ecs-svc/2",
        service_deployment=flight(
            2, "IN_PROGRESS", stage="BAKE_TIME", failures=2, threshold=3
        ),
    )

    health = KIND.health(spec(), there)

    assert health.level is HealthLevel.PROGRESSING
    assert health.message == (
        "Rolling out api:2: 0 running, 1 desired, 1 pending, 2 failed (circuit breaker: 3); stage: bake time."
    )


def test_a_stalled_rollout_is_degraded_with_deadline_and_cause():
    there = seen(
        primary(2, "IN_PROGRESS", 0),
        stalled_for=timedelta(minutes=12),
        problem="it cannot pull its image",
    )

    health = KIND.health(spec(), there)

    assert (health.level, health.reason) == (HealthLevel.DEGRADED, "RolloutStalled")
    assert "no progress within 10 min: it cannot pull its image." in health.message


def test_the_message_of_a_stalled_rollout_does_not_change():
    told = {
        KIND.health(
            spec(),
            seen(
                replace(primary(2, "IN_PROGRESS", 0), pending=pending),
                stalled_for=timedelta(minutes=minutes),
            ),
        ).message
        for minutes, pending in ((10, 1), (11, 0), (30, 1))
    }

    assert len(told) == 1


def test_the_deadline_is_the_declared_one():
    patient = spec(deployment={"progress_deadline": "30m"})

    health = KIND.health(
        patient, seen(primary(2, "IN_PROGRESS", 0), stalled_for=timedelta(minutes=12))
    )

    assert health.reason == "RolloutInProgress"


@pytest.mark.parametrize(
    ("settled", "level", "reason"),
    [
        pytest.param(
            False, HealthLevel.PROGRESSING, "Stabilizing", id="at first it is waited"
        ),
        pytest.param(
            True, HealthLevel.DEGRADED, "NotServing", id="later it is a fault"
        ),
    ],
)
def test_done_by_ecs_is_not_ready_while_something_does_not_serve(
    settled, level, reason
):
    there = replace(
        seen(primary(2)), not_serving=("target 10.0.0.1 is unhealthy",), settled=settled
    )

    health = KIND.health(spec(), there)

    assert (health.level, health.reason) == (level, reason)
    assert "target 10.0.0.1 is unhealthy" in health.message


@pytest.mark.parametrize(
    ("quiet", "hold", "told"),
    [
        pytest.param(0, Hold.ROLLOUT_IN_PROGRESS, "", id="under way"),
        pytest.param(
            12, Hold.ROLLOUT_STALLED, "; no progress within 10 min", id="stuck"
        ),
    ],
)
def test_a_hold_by_a_rollout_has_its_progress_and_cause(quiet, hold, told):
    there = seen(
        primary(2, "IN_PROGRESS", 0),
        stalled_for=timedelta(minutes=quiet),
        problem="it cannot pull its image",
    )

    held = KIND.hold_reason(spec(), there, ())

    assert held.hold is hold
    assert held.message == (
        f"Rolling out api:2: 0 running, 1 desired{told}: it cannot pull its image."
    )


def test_a_rollout_that_bakes_is_not_stuck():
    there = seen(
        primary(2, "IN_PROGRESS", 1),
        our_deployment="ecs-svc/2",
        service_deployment=flight(2, "IN_PROGRESS", stage="BAKE_TIME"),
        stalled_for=timedelta(hours=2),
    )

    assert rollout_of(there, DEADLINE).phase is Phase.IN_PROGRESS


def test_a_rejection_names_what_keeps_the_earlier_revision_from_serving():
    wanted = definition_hash(spec())
    rejection = Rejection(wanted, "The revision was rolled back.")
    there = replace(
        seen(primary(1)),
        rejected=(rejection,),
        not_serving=("target 10.0.0.1 is unhealthy",),
    )

    held = KIND.hold_reason(spec(), there, (Change("task.image", "a", "b"),))

    assert held.message == (
        "The revision was rolled back. Meanwhile: hokusai-api-development:3 is not "
        "serving: target 10.0.0.1 is unhealthy."
    )
