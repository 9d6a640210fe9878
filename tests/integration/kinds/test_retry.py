"""Retries of rejected revisions, on the emulated ECS."""

from datetime import timedelta

import pytest

from controller.core.document.freeze import Freeze
from controller.core.document.resource import Mode
from controller.core.errors import PermanentError, RefusedError
from controller.core.resources.driver import Applied
from controller.core.resources.plan import Hold, Verb
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import Script, ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds.service.tags import RETRIED, RETRIED_BY
from tests.builders.emulated_operations import Hand
from tests.builders.emulated_service import World

FIRST, SECOND = "hokusai-api-local:1", "hokusai-api-local:2"
CRASHES = Script(exits_after=timedelta(seconds=1), exit_code=3, says=("no secret",))
# ECS gives up and leaves in place what it gave up on.
STAYS = {"deployment": {"circuit_breaker": True, "rollback": False}}


@pytest.fixture
def world():
    runtime = ScriptedRuntime()
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        found = World(server, runtime)
        found.run(found.api("api:1"))
        yield found


def rejected(world, **more):
    """Have the second revision rejected, and mend what it died of."""
    world.runtime.scripts["api:2"] = CRASHES
    result = world.run(world.api("api:2", **more), passes=12, seconds=60)
    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    world.runtime.scripts.pop("api:2")
    return blocked.message


def present(world):
    return world.service()["taskDefinition"].rpartition("/")[2]


def refused(world, resource, **limits):
    with pytest.raises(RefusedError) as caught:
        Hand(world).action(Verb.RETRY, resource, **limits)
    return str(caught.value)


def test_a_revision_whose_cause_was_fixed_is_rolled_out_after_a_retry(world):
    told = rejected(world)
    before = world.run(world.api("api:2"))

    outcome = Hand(world).does(Verb.RETRY, world.api("api:2"), reason="made the secret")
    result = world.run(world.api("api:2"))

    assert "or you run `hokusai retry service/api --reason TEXT`" in told
    assert not before.converged
    assert isinstance(outcome, Applied)
    assert result.converged
    assert present(world) == SECOND
    assert world.tags()[RETRIED_BY] == "ada@laptop: made the secret"
    newest, *before = world.driver().rollouts(world.api("api:2"))
    assert newest.intervention == "retried by ada@laptop: made the secret"
    assert {one.intervention for one in before} == {""}


def test_a_controller_that_lost_everything_tries_again_all_the_same(world):
    rejected(world)
    Hand(world).does(Verb.RETRY, world.api("api:2"))

    world.restart()

    assert world.run(world.api("api:2")).converged


def test_what_fails_once_more_is_rejected_once_more_and_may_be_retried(world):
    rejected(world)
    world.runtime.scripts["api:2"] = CRASHES
    Hand(world).does(Verb.RETRY, world.api("api:2"))
    first = world.tags()[RETRIED]

    rejected(world)
    still = present(world)
    Hand(world).does(Verb.RETRY, world.api("api:2"))

    assert still == FIRST
    assert world.tags()[RETRIED] != first
    assert world.run(world.api("api:2")).converged


def test_a_failed_revision_that_is_still_deployed_is_deployed_again(world):
    rejected(world, **STAYS)
    deployed = len(world.driver().rollouts(world.api("api:2", **STAYS)))

    Hand(world).does(Verb.RETRY, world.api("api:2", **STAYS))
    result = world.run(world.api("api:2", **STAYS))

    assert result.converged
    assert present(world) == SECOND
    rollouts = world.driver().rollouts(world.api("api:2", **STAYS))
    assert len(rollouts) == deployed + 1
    assert rollouts[0].intervention == "retried by ada@laptop: it does not answer"


def test_a_retry_is_refused_without_a_rejection(world):
    assert "no revision was rejected" in refused(world, world.api("api:1"))


def test_a_repeated_retry_is_refused_with_the_first_user(world):
    rejected(world)
    Hand(world).does(Verb.RETRY, world.api("api:2"), reason="made the secret")

    told = refused(world, world.api("api:2"))

    assert "since the last retry, requested by ada@laptop: made the secret" in told


def test_while_a_rollout_is_under_way_nothing_is_tried_again(world):
    world.machine.run(world.api("api:2"))

    assert "a rollout is in progress" in refused(world, world.api("api:2"))


def test_a_revision_on_hold_is_not_retried_but_resumed(world):
    world.run(world.api("api:2"))
    Hand(world).rolls_back(world.api("api:2"), FIRST)
    world.run(world.api("api:2"))

    told = refused(world, world.api("api:2"))

    assert "`hokusai rollback service/api --undo --reason TEXT`" in told


@pytest.mark.parametrize(
    ("meta", "limits", "told"),
    [
        ({"mode": Mode.OBSERVE}, {}, "mode: observe"),
        ({}, {"freezes": (Freeze("the fair"),)}, "the fair"),
        ({}, {"max_disruptive_actions": 0}, "max_disruptive_actions (0) is reached"),
    ],
)
def test_what_may_not_be_touched_now_is_not_tried_again(world, meta, limits, told):
    rejected(world)

    assert told in refused(world, world.api("api:2", **meta), **limits)
    assert RETRIED not in world.tags()


def test_a_person_who_retries_often_is_no_other_writer(world):
    for _ in range(5):
        rejected(world)
        world.runtime.scripts["api:2"] = CRASHES
        Hand(world).does(Verb.RETRY, world.api("api:2"))

    rejected(world)


def test_the_dead_end_of_a_rollback_names_the_way_out(world):
    rejected(world)

    outcome = Hand(world).rolls_back(world.api("api:2"), SECOND)

    assert "`hokusai retry service/api --reason TEXT`" in outcome.message


@pytest.mark.parametrize("seen", [True, False])
def test_a_failed_revision_that_was_deregistered_is_explained_and_not_deployed_again(
    world, seen
):
    rejected(world, **STAYS)
    resource, hand = world.api("api:2", **STAYS), Hand(world)
    action = hand.action(Verb.RETRY, resource)
    world.aws.call("ecs", "DeregisterTaskDefinition", taskDefinition=SECOND)

    if seen:
        world.restart()
        told = refused(world, resource)
    else:
        with pytest.raises(PermanentError) as caught:
            world.driver().apply(action)
        told = str(caught.value)

    assert f"{SECOND} is INACTIVE" in told
    assert "change a field of the tasks" in told
    assert RETRIED not in world.tags()


def test_a_retry_registers_a_rolled_back_and_deregistered_revision_again(world):
    rejected(world)
    world.aws.call("ecs", "DeregisterTaskDefinition", taskDefinition=SECOND)

    Hand(world).does(Verb.RETRY, world.api("api:2"))

    assert world.run(world.api("api:2")).converged
    assert present(world) == "hokusai-api-local:3"
