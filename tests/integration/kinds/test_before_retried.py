"""Retries of failed steps before a rollout.

On the emulated ECS, over HTTP.
"""

import pytest

from controller.core.document.freeze import Freeze
from controller.core.errors import OutcomeUnknownError, RefusedError, TransientError
from controller.core.resources.condition import ConditionType
from controller.core.resources.plan import Hold, Verb
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_operations import Hand
from tests.builders.emulated_service import World
from tests.builders.one_off_steps import MIGRATE, finishes, one_off_tasks
from tests.builders.reconcile_loop import declared

SECOND = "api:2 alembic"
BY = "hokusai.ai/before-by.migrate"


@pytest.fixture
def world():
    runtime = ScriptedRuntime({SECOND: finishes(4)})
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        found = World(server, runtime)
        found.run(found.api(), passes=4)
        yield found


def stepped(world, image="api:2", before=MIGRATE):
    return world.api(image, before=before)


def made_after_a_step(world):
    fields = {"image": "web:1", "network": world.network, "before": MIGRATE}
    return declared("service", "web", fields)


def failed(world):
    """Have the step before the second revision fail; return what is told."""
    result = world.run(stepped(world), passes=4)
    return result.statuses[stepped(world).id][ConditionType.READY]


def revision_tags(world):
    arn = world.revisions()[-1]
    answer = world.aws.call("ecs", "ListTagsForResource", resourceArn=arn)
    return {tag["key"]: tag["value"] for tag in answer["tags"]}


def present(world):
    return world.service()["taskDefinition"].rpartition(":")[2]


def test_a_step_that_fails_holds_the_rollout_back_and_is_not_repeated(world):
    before = failed(world)
    world.restart()
    after = failed(world)

    for ready in (before, after):
        assert ready.reason == Hold.REVISION_REJECTED
        assert "Step migrate before hokusai-api-local:2 exited with 4" in ready.message
        assert "`hokusai retry service/api --reason TEXT`" in ready.message
    assert present(world) == "1"
    assert len(one_off_tasks(world)) == 1


def test_a_step_that_is_retried_runs_once_more_and_only_then_the_rollout(world):
    failed(world)
    world.runtime.scripts[SECOND] = finishes(0)

    outcome = Hand(world).does(Verb.RETRY, stepped(world), reason="made the table")
    world.restart()
    meanwhile = world.machine.run(stepped(world)), present(world)
    result = world.run(stepped(world), passes=5)

    assert "runs the failed step again" in outcome.message
    assert (
        "Step migrate was started" in meanwhile[0].outcomes[stepped(world).id].message
    )
    assert meanwhile[1] == "1"
    assert result.converged
    assert present(world) == "2"
    assert len(one_off_tasks(world)) == 2
    assert revision_tags(world)[BY] == "ada@laptop: made the table"
    newest, first = world.driver().rollouts(stepped(world))
    assert newest.intervention == "retried by ada@laptop: made the table"
    assert first.intervention == ""


def test_each_retry_runs_the_step_once_whatever_came_of_the_one_before(world):
    for runs in (1, 2, 3):
        ready = failed(world)
        assert ready.reason == Hold.REVISION_REJECTED
        assert "exited with 4; " in ready.message
        assert len(one_off_tasks(world)) == runs
        Hand(world).does(Verb.RETRY, stepped(world))


def test_a_retry_that_is_asked_for_twice_runs_the_step_once(world):
    failed(world)
    action = Hand(world).action(Verb.RETRY, stepped(world))

    for _ in range(2):
        world.driver().apply(action)
    failed(world)

    assert len(one_off_tasks(world)) == 2


class Dying:
    """AWS, of which a process sees one answer too few, and then nothing more."""

    def __init__(self, inner, operation, *, done):
        self.inner, self.operation, self.done = inner, operation, done

    def call(self, service, operation, /, **parameters):
        if operation != self.operation:
            return self.inner.call(service, operation, **parameters)
        if self.done:
            self.inner.call(service, operation, **parameters)
        msg = "the process died"
        raise OutcomeUnknownError(msg) if self.done else TransientError(msg)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("operation", ["TagResource", "RunTask"])
def test_a_crash_during_a_retry_runs_the_step_once_at_most(world, operation, done):
    failed(world)
    honest, action = world.aws, Hand(world).action(Verb.RETRY, stepped(world))
    if operation == "RunTask":
        world.driver().apply(action)

    world.aws = Dying(honest, operation, done=done)
    world.restart()
    world.machine.run(stepped(world))
    if operation == "TagResource":
        with pytest.raises(TransientError):
            world.driver().apply(action)
    world.aws = honest
    world.restart()
    failed(world)

    asked = operation == "RunTask" or done
    assert len(one_off_tasks(world)) == 1 + asked


def test_a_service_that_was_never_made_is_made_after_a_retry(world):
    resource = made_after_a_step(world)
    world.runtime.scripts["web:1 alembic"] = finishes(4)
    told = world.run(resource, passes=3)

    world.runtime.scripts["web:1 alembic"] = finishes(0)
    Hand(world).does(Verb.RETRY, resource)
    result = world.run(resource, passes=5)

    message = told.statuses[resource.id][ConditionType.READY].message
    assert "`hokusai retry service/web --reason TEXT`" in message
    assert not result.left.actions
    assert world.service("web")["runningCount"] == 1


def test_nothing_is_retried_of_a_service_that_no_step_keeps_from_being_made(world):
    outcome = Hand(world).does(Verb.RETRY, made_after_a_step(world))

    assert "none of its steps failed" in outcome.message


def test_while_a_step_is_to_run_once_more_it_is_not_retried(world):
    failed(world)
    Hand(world).does(Verb.RETRY, stepped(world))

    for told in (
        "migrate runs again, requested by ada@laptop",
        "requested by ada@laptop",
    ):
        with pytest.raises(RefusedError, match=told):
            Hand(world).action(Verb.RETRY, stepped(world))
        world.machine.run(stepped(world))


def test_a_restart_in_a_freeze_is_refused_and_names_the_freeze(world):
    with pytest.raises(RefusedError, match="the fair"):
        Hand(world).action(Verb.RESTART, world.api(), freezes=(Freeze("the fair"),))


def test_a_restart_runs_no_step_again_nor_what_a_failed_one_holds_back(world):
    failed(world)

    Hand(world).does(Verb.RESTART, stepped(world))
    ready = failed(world)

    assert ready.reason == Hold.REVISION_REJECTED
    assert present(world) == "1"
    assert len(one_off_tasks(world)) == 1
    newest = world.driver().rollouts(stepped(world))[0]
    assert newest.intervention.startswith("restarted by")
