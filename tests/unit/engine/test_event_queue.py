"""News ask for a pass once, and a queue that is away harms nobody."""

import json
import logging
import threading

import pytest

from controller.core.errors import NotFoundError, TransientError
from controller.engine.event_queue import EventQueue, commands

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/news"
OURS = json.dumps(
    {
        "source": "aws.ecs",
        "detail-type": "ECS Task State Change",
        "detail": {"clusterArn": "arn:cluster/c"},
    }
)


class Sqs:
    """A queue; ``failures`` are raised first, one a call."""

    def __init__(self, *bodies):
        self.messages = {str(n): body for n, body in enumerate(bodies)}
        self.failures = []

    def call(self, _service, operation, /, **asked):
        if self.failures:
            raise self.failures.pop(0)
        if operation == "ReceiveMessage":
            return {
                "Messages": [
                    {"ReceiptHandle": handle, "Body": body}
                    for handle, body in [*self.messages.items()][:10]
                ]
            }
        for entry in asked["Entries"]:
            del self.messages[entry["ReceiptHandle"]]
        return {}


class Count:
    def __init__(self):
        self.found = []

    def count(self, _metric, *, kind):
        self.found.append(kind)


class World:
    def __init__(self, *bodies):
        self.sqs = Sqs(*bodies)
        self.passes = 0
        self.count = Count()
        self.stopping = threading.Event()
        self.listener = EventQueue(self.sqs, QUEUE, "c", self._asked, self.count)

    def _asked(self):
        self.passes += 1

    def once(self):
        return self.listener.once(self.stopping)


def test_a_crowd_of_news_asks_for_one_pass_and_is_deleted():
    world = World(OURS, OURS, OURS)

    pause = world.once()

    assert (world.passes, world.sqs.messages) == (1, {})
    assert pause > 0


def test_what_is_malformed_or_others_is_deleted_and_counted_and_asks_nothing():
    world = World("{", '{"detail": {}, "source": "x", "detail-type": "y"}')

    world.once()

    assert (world.passes, world.sqs.messages) == (0, {})
    assert world.count.found == ["malformed", "others"]


def test_news_that_arrive_while_we_stop_stay_for_whoever_takes_over():
    world = World(OURS)
    world.stopping.set()

    world.once()

    assert (world.passes, len(world.sqs.messages)) == (0, 1)


def test_news_that_could_not_be_deleted_asked_for_a_pass_all_the_same():
    world = World(OURS)
    receive = world.sqs.call

    def call(service, operation, /, **asked):
        if operation == "DeleteMessageBatch":
            msg = "no answer"
            raise TransientError(msg)
        return receive(service, operation, **asked)

    world.sqs.call = call
    world.once()

    assert world.passes == 1


def test_a_queue_that_is_away_is_told_once_and_asked_ever_more_seldom(caplog):
    caplog.set_level(logging.INFO)
    world = World()
    world.sqs.failures = [TransientError("no answer")] * 9

    pauses = [world.once() for _ in range(10)]

    assert pauses[:4] == [1, 2, 4, 8]
    assert (max(pauses), pauses[-1]) == (60, 0)
    told = [record.message for record in caplog.records]
    assert told == ["event queue not readable", "event queue readable again"]


def test_a_missing_queue_is_told_with_the_commands_that_make_it(caplog):
    world = World()
    world.sqs.failures = [NotFoundError("no such queue")]

    world.once()

    (record,) = caplog.records
    assert record.run.startswith("aws sqs create-queue --queue-name news; ")
    assert "arn:aws:sqs:us-east-1:123456789012:news" in record.run


def test_the_policy_is_json_in_json():
    attributes = commands(QUEUE)[1].partition("--attributes '")[2].rstrip("'")

    policy = json.loads(json.loads(attributes)["Policy"])

    assert policy["Statement"][0]["Action"] == "sqs:SendMessage"


@pytest.mark.parametrize("set_", [True, False])
def test_a_listener_that_is_stopped_ends(set_):
    world = World(OURS)
    world.listener._request_pass = world.stopping.set
    if set_:
        world.stopping.set()

    world.listener.run(world.stopping)

    assert world.stopping.is_set()
