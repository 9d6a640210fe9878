"""A registration that succeeded despite an error leaves one revision."""

import pytest

from controller.clients.aws.retrying import RetryingAws
from controller.core.errors import TransientError
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_service import World
from tests.fakes.stopped_clock import StoppedClock


class SaysThatItFailed:
    """Passes calls on, and answers the first registration with a server's fault."""

    def __init__(self, inner):
        self.inner, self.failed = inner, False

    def call(self, service, operation, /, **asked):
        answer = self.inner.call(service, operation, **asked)
        if operation == "RegisterTaskDefinition" and not self.failed:
            self.failed = True
            msg = "ecs:RegisterTaskDefinition failed: ServerException"
            raise TransientError(msg)
        return answer


@pytest.fixture
def world():
    runtime = ScriptedRuntime()
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        yield World(server, runtime)


def test_a_registration_that_failed_in_word_only_leaves_one_revision(world):
    world.aws = RetryingAws(SaysThatItFailed(world.aws), StoppedClock())
    world.restart()

    result = world.run(world.api())

    assert result.converged
    (revision,) = world.revisions()
    assert world.service()["taskDefinition"] == revision
    assert revision.endswith(":2")
