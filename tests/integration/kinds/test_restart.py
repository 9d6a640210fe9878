"""Requested restarts, on the emulated ECS."""

import pytest

from controller.core.document.freeze import Freeze
from controller.core.errors import OutcomeUnknownError, RefusedError
from controller.core.resources.driver import Progressing
from controller.core.resources.plan import Verb
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds.service.tags import RESTARTED, RESTARTED_BY
from tests.builders.emulated_operations import Hand
from tests.builders.emulated_service import World


@pytest.fixture
def world():
    runtime = ScriptedRuntime()
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        found = World(server, runtime)
        found.run(found.api())
        yield found


def tasks(world):
    found = world.aws.call("ecs", "ListTasks", cluster=world.service()["clusterArn"])
    return {*found["taskArns"]}


def refused(world, resource, **limits):
    with pytest.raises(RefusedError) as caught:
        Hand(world).action(Verb.RESTART, resource, **limits)
    return str(caught.value)


def test_a_restart_replaces_the_tasks_and_says_who_and_why(world):
    before = tasks(world)

    outcome = Hand(world).does(Verb.RESTART, world.api(), reason="it leaks")
    result = world.run(world.api())

    assert isinstance(outcome, Progressing)
    assert result.converged
    assert not tasks(world) & before
    assert world.tags()[RESTARTED_BY] == "ada@laptop: it leaks"
    assert world.service()["taskDefinition"].endswith(":1")


def test_while_a_rollout_is_under_way_a_restart_is_refused(world):
    world.machine.run(world.api("api:2"))

    assert "a rollout is in progress" in refused(world, world.api("api:2"))


def test_a_second_restart_has_to_wait(world):
    Hand(world).does(Verb.RESTART, world.api())
    world.run(world.api())

    told = refused(world, world.api())

    assert "`deployment.restart_interval` (300 s) allows the next one at" in told
    assert RESTARTED in world.tags()


def test_without_an_interval_a_second_restart_need_not_wait(world):
    hasty = world.api(deployment={"restart_interval": 0})
    Hand(world).does(Verb.RESTART, hasty)
    world.run(hasty)

    assert Hand(world).action(Verb.RESTART, hasty).disruptive


def test_in_a_freeze_nothing_is_restarted(world):
    frozen = (Freeze("the fair"),)

    assert "the fair" in refused(world, world.api(), freezes=frozen)


def test_restarts_count_among_the_disruptive_actions(world):
    told = refused(world, world.api(), max_disruptive_actions=0)

    assert "max_disruptive_actions (0) is reached" in told


class Forgetful:
    """Carries an update out and says nothing, once."""

    def __init__(self, inner):
        self.inner = inner
        self.lost = False

    def call(self, service, operation, /, **parameters):
        answer = self.inner.call(service, operation, **parameters)
        if operation == "UpdateService" and not self.lost:
            self.lost = True
            msg = "no answer"
            raise OutcomeUnknownError(msg)
        return answer


def test_a_restart_whose_answer_was_lost_is_not_done_twice(world):
    world.aws = Forgetful(world.aws)
    world.restart()
    driver = world.driver()
    before = len(driver.rollouts(world.api()))
    action = Hand(world).action(Verb.RESTART, world.api())

    with pytest.raises(OutcomeUnknownError):
        driver.apply(action)
    outcome = driver.apply(action)

    assert isinstance(outcome, Progressing)
    assert len(world.driver().rollouts(world.api())) == before + 1


def test_a_restart_is_forgotten_after_its_interval(world):
    Hand(world).does(Verb.RESTART, world.api())
    world.run(world.api())
    long_ago = "2020-01-01T00:00:00+00:00"
    arn = world.service()["serviceArn"]
    tag = {"key": RESTARTED, "value": long_ago}
    world.aws.call("ecs", "TagResource", resourceArn=arn, tags=[tag])

    assert Hand(world).action(Verb.RESTART, world.api()).disruptive


def test_history_has_the_user_and_the_reason_of_a_restart(world):
    Hand(world).does(Verb.RESTART, world.api(), reason="it leaks")
    world.run(world.api())

    newest, *before = world.driver().rollouts(world.api())

    assert newest.intervention == "restarted by ada@laptop: it leaks"
    assert {one.intervention for one in before} == {""}
