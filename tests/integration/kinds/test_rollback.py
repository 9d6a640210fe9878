"""Requested rollbacks, on the emulated ECS."""

import pytest

from controller.core.errors import RefusedError, TransientError
from controller.core.resources.condition import ConditionType
from controller.core.resources.driver import Failed, Progressing
from controller.core.resources.plan import Hold, Verb
from controller.core.resources.rollouts import Result, rollback_target
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds.service.tags import SET_ASIDE, SET_ASIDE_BY
from tests.builders.emulated_operations import Hand
from tests.builders.emulated_service import World

FIRST, SECOND = "hokusai-api-local:1", "hokusai-api-local:2"


@pytest.fixture
def world():
    runtime = ScriptedRuntime()
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        found = World(server, runtime)
        found.run(found.api("api:1"))
        found.run(found.api("api:2"))
        yield found


def present(world):
    return world.service()["taskDefinition"].rpartition("/")[2]


def test_a_rollback_stays_and_the_declared_revision_is_on_hold_with_user_and_reason(
    world,
):
    outcome = Hand(world).rolls_back(world.api("api:2"), FIRST)
    result = world.run(world.api("api:2"))

    assert isinstance(outcome, Progressing)
    assert present(world) == FIRST
    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert "was put on hold by ada@laptop: it does not answer" in blocked.message
    assert "hokusai rollback service/api --undo" in blocked.message


def test_a_controller_that_lost_everything_does_not_roll_forward_again(world):
    Hand(world).rolls_back(world.api("api:2"), FIRST)

    world.restart()
    world.run(world.api("api:2"))

    assert present(world) == FIRST


def test_other_content_is_rolled_out_and_the_tag_goes(world):
    Hand(world).rolls_back(world.api("api:2"), FIRST)

    result = world.run(world.api("api:3"), passes=12)

    assert result.converged
    assert present(world) == "hokusai-api-local:3"
    assert not {SET_ASIDE, SET_ASIDE_BY} & world.tags().keys()


def test_a_document_that_goes_back_too_takes_the_tag_along(world):
    Hand(world).rolls_back(world.api("api:2"), FIRST)

    result = world.run(world.api("api:1"))

    assert result.converged
    assert SET_ASIDE not in world.tags()


def test_undo_has_what_is_declared_rolled_out_again(world):
    Hand(world).rolls_back(world.api("api:2"), FIRST)
    world.run(world.api("api:2"))

    Hand(world).does(Verb.RESUME, world.api("api:2"))
    result = world.run(world.api("api:2"), passes=12)

    assert result.converged
    assert present(world) == SECOND


def test_a_rollback_while_another_rollout_is_under_way_is_carried_out(world):
    world.machine.run(world.api("api:3"))

    Hand(world).rolls_back(world.api("api:3"), FIRST)
    world.run(world.api("api:3"), passes=12)

    assert present(world) == FIRST


def test_a_revision_that_is_inactive_is_refused_by_name_and_nothing_is_done(world):
    world.aws.call("ecs", "DeregisterTaskDefinition", taskDefinition=FIRST)

    outcome = Hand(world).rolls_back(world.api("api:2"), FIRST)

    assert isinstance(outcome, Failed)
    assert str(outcome.error).startswith(f"{FIRST} is INACTIVE")
    assert (present(world), SET_ASIDE in world.tags()) == (SECOND, False)


def test_what_is_declared_is_no_way_back(world):
    outcome = Hand(world).rolls_back(world.api("api:2"), SECOND)

    assert "is the declared revision: deploy it with `hokusai apply`" in outcome.message


def test_a_repeated_rollback_is_refused_with_the_reason(world):
    Hand(world).rolls_back(world.api("api:2"), FIRST)

    with pytest.raises(
        RefusedError, match=f"{FIRST} is deployed and the declared revision"
    ):
        Hand(world).action(Verb.ROLL_BACK, world.api("api:2"), FIRST)


def test_a_service_that_is_only_observed_is_left_as_it_is(world):
    observed = world.api("api:2", mode="observe")

    with pytest.raises(RefusedError, match="mode: observe"):
        Hand(world).action(Verb.ROLL_BACK, observed, FIRST)


class Dies:
    """Passes calls on until the ``left``-th write, which is the last to arrive."""

    def __init__(self, inner, left):
        self.inner = inner
        self.left = left

    def call(self, service, operation, /, **parameters):
        if operation in {"UpdateService", "TagResource"}:
            if not self.left:
                msg = "the process is gone"
                raise TransientError(msg)
            self.left -= 1
        return self.inner.call(service, operation, **parameters)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_after_a_crash_at_any_write_the_same_command_completes_the_operation(
    world, writes
):
    honest = world.aws
    world.aws = Dies(honest, writes)
    world.restart()
    died = Hand(world).rolls_back(world.api("api:2"), FIRST)
    world.aws = honest
    world.restart()

    Hand(world).rolls_back(world.api("api:2"), FIRST)
    result = world.run(world.api("api:2"), passes=12)

    assert isinstance(died, Failed)
    assert present(world) == FIRST
    ready = result.statuses[world.api().id]
    assert ready[ConditionType.HEALTHY].status == "True"


@pytest.mark.parametrize("writes", [1, 2])
def test_after_a_crash_the_controller_does_not_roll_forward(world, writes):
    honest = world.aws
    world.aws = Dies(honest, writes)
    world.restart()
    Hand(world).rolls_back(world.api("api:2"), FIRST)
    world.aws = honest
    world.restart()
    before = present(world)

    world.run(world.api("api:2"))

    assert present(world) == before


def test_history_has_image_and_writer_of_each_rollout_and_the_revision_on_hold(world):
    Hand(world).rolls_back(world.api("api:2"), FIRST)
    world.run(world.api("api:2"))

    newest, second, first = world.driver().rollouts(world.api("api:2"))

    assert [one.revision for one in (newest, second, first)] == [FIRST, SECOND, FIRST]
    assert {one.result for one in (newest, second, first)} == {Result.SUCCEEDED}
    assert (newest.present, second.present, first.present) == (True, False, False)
    assert second.set_aside == "ada@laptop: it does not answer"
    assert newest.intervention == "rolled back by ada@laptop: it does not answer"
    assert (second.intervention, first.intervention) == ("", "")
    assert newest.images[0].startswith("api:1@sha256:")
    assert newest.by.endswith(":root")
    assert newest.took is not None


def test_the_last_that_worked_is_what_was_there_before(world):
    rolled = world.driver().rollouts(world.api("api:2"))

    assert rollback_target(rolled, "1") == FIRST
