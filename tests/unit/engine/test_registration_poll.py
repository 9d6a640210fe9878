"""A poll requests a pass for news, and an MLflow that is away harms nobody."""

import threading
from datetime import timedelta

import pytest

from controller.core.errors import TransientError
from controller.core.models.recent_versions import RecentVersion
from controller.engine.registration_poll import RegistrationPoll


class Mlflow:
    """Recent versions that a test changes; ``failures`` are raised first."""

    def __init__(self):
        self.versions = [RecentVersion("leads", 1, 1, 1)]
        self.failures = []
        self.polls = 0

    def recent(self, limit):
        self.polls += 1
        if self.failures:
            raise self.failures.pop()
        return tuple(sorted(self.versions, key=lambda v: -v.updated_ms)[:limit])

    def register(self):
        number = len(self.versions) + 1
        self.versions.append(RecentVersion("leads", number, number, number))


class World:
    def __init__(self):
        self.mlflow = Mlflow()
        self.passes = 0
        self.interval = timedelta(milliseconds=1)
        self.stopping = threading.Event()
        self.poll = RegistrationPoll(
            self.mlflow.recent, lambda: self.interval, self._asked
        )

    def _asked(self):
        self.passes += 1

    def once(self):
        self.poll.once(self.stopping)


@pytest.fixture
def world():
    """Return a poll that knows the versions that exist."""
    made = World()
    made.once()
    made.passes = 0
    return made


def test_the_first_poll_requests_a_pass():
    world = World()

    world.once()

    assert world.passes == 1


def test_a_registration_requests_one_pass(world):
    world.once()
    world.mlflow.register()
    for _ in range(3):
        world.once()

    assert world.passes == 1


def test_more_registrations_than_a_page_shows_request_a_pass(world):
    for _ in range(250):
        world.mlflow.register()
    world.once()

    assert world.passes == 1


def test_a_registration_during_an_outage_requests_a_pass_afterwards(world):
    world.mlflow.failures = [TransientError("away")]
    world.mlflow.register()

    world.once()
    assert world.passes == 0

    world.once()
    assert world.passes == 1


def test_an_answer_after_the_stop_requests_nothing(world):
    world.mlflow.register()
    world.stopping.set()

    world.once()

    assert world.passes == 0


def test_nothing_is_read_while_no_poll_is_of_use(world):
    world.interval = None
    polls = world.mlflow.polls
    waits = []

    class Stopping(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            self.set()
            return True

    world.poll.run(Stopping())

    assert world.mlflow.polls == polls
    assert waits == [1.0]
