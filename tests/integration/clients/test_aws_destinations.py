"""Deliveries to EventBridge and SQS, from the document to an emulated AWS."""

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from controller.bootstrap.deliveries import DeclaredTargets, dispatcher_for
from controller.clients.aws import BotoAws, Credentials
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import OutcomeUnknownError, ThrottledError
from controller.core.webhooks.answers import AwsAccepted, Unanswered
from controller.core.webhooks.delivery import DeliveryState
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds.webhook.spec import WebhookSpec
from controller.settings import Settings
from controller.store.announcements import AnnouncementLedger
from controller.store.deliveries import DeliveryLog
from controller.store.tables import deliveries
from tests.builders.emulated_aws import client
from tests.builders.real_deliveries import registration
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store

SITE = ResourceId("webhook", "site")
BUS, QUEUE, FIFO = "hokusai-events", "hokusai", "hokusai.fifo"


@pytest.fixture(scope="module")
def server():
    with EmulatorServer(runtime=ScriptedRuntime()) as found:
        yield found


@pytest.fixture
def aws(server):
    return BotoAws(
        server.place.region,
        endpoint_url=server.url,
        credentials=Credentials("local", "local"),
        light=True,
    )


@pytest.fixture
def queues(server):
    """Two queues; a rule sends what is put on the event bus to the first one."""
    sqs, events = client(server, "sqs"), client(server, "events")
    urls = {
        QUEUE: sqs.create_queue(QueueName=QUEUE)["QueueUrl"],
        FIFO: sqs.create_queue(QueueName=FIFO, Attributes={"FifoQueue": "true"})[
            "QueueUrl"
        ],
    }
    arn = sqs.get_queue_attributes(QueueUrl=urls[QUEUE], AttributeNames=["QueueArn"])
    events.create_event_bus(Name=BUS)
    pattern = json.dumps({"source": ["hokusai"], "detail-type": ["model.registered"]})
    events.put_rule(Name="all", EventBusName=BUS, EventPattern=pattern)
    target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[target])
    yield urls
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)
    events.remove_targets(Rule="all", EventBusName=BUS, Ids=["queue"])
    events.delete_rule(Name="all", EventBusName=BUS)
    events.delete_event_bus(Name=BUS)


class World:
    """A store with deliveries to one target in AWS."""

    def __init__(self, aws, **fields):
        self.clock, self.aws = StoppedClock(), aws
        self.database = empty_store(self.clock)
        self.ledger = AnnouncementLedger(self.database)
        self.log = DeliveryLog(self.database)
        spec = WebhookSpec.model_validate({"retry": {"jitter": 0}, **fields})
        self.document = SimpleNamespace(
            resources={SITE: Resource(SITE, spec)},
            platform=SimpleNamespace(environment="local"),
        )

    def deliver(self, *events, attempts=None):
        """Send ``events``, and return the answers."""
        self.ledger.announce("site", "webhook", events, NOON)
        answers, stop = [], asyncio.Event()

        def ended(_delivery, attempt):
            answers.append(attempt.answer)
            if len(answers) == (attempts or len(events)):
                stop.set()

        async def run():
            settings = Settings()
            declared = DeclaredTargets(lambda: self.document, str, settings)
            dispatcher = dispatcher_for(
                declared,
                settings,
                SimpleNamespace(database=self.database),
                None,
                self.clock,
                ended,
                aws=self.aws,
            )
            async with asyncio.timeout(20):
                await dispatcher.run(stop)

        asyncio.run(run())
        return answers

    @property
    def report(self):
        (found,) = self.log.list(9)
        return found


def messages(server, url):
    """Return the messages in a queue, and delete them."""
    sqs = client(server, "sqs")
    found = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_queue_receives_the_stored_bytes_with_the_id_of_the_event(
    server, aws, queues
):
    event = registration()
    w = World(aws, sqs={"queue": QUEUE})

    (answer,) = w.deliver(event)

    (message,) = messages(server, queues[QUEUE])
    assert isinstance(answer, AwsAccepted)
    assert answer.id == message["MessageId"]
    assert message["Body"].encode() == event.body
    assert message["MessageAttributes"]["event_id"]["StringValue"] == event.id
    assert w.report.state is DeliveryState.DELIVERED


def test_a_fifo_queue_holds_a_repeated_event_once(server, aws, queues):
    event = registration()

    for _ in range(2):
        World(aws, sqs={"queue": queues[FIFO]}).deliver(event)

    (message,) = messages(server, queues[FIFO])
    assert message["MessageAttributes"]["event_id"]["StringValue"] == event.id


def test_an_event_bus_routes_the_event_by_its_rules(server, aws, queues):
    event = registration()
    w = World(aws, eventbridge={"bus": BUS})

    (answer,) = w.deliver(event)

    (message,) = messages(server, queues[QUEUE])
    envelope = json.loads(message["Body"])
    assert isinstance(answer, AwsAccepted)
    assert (envelope["source"], envelope["detail-type"]) == (
        "hokusai",
        "model.registered",
    )
    assert envelope["detail"] == json.loads(event.body)


@pytest.mark.parametrize(
    "fields",
    [{"sqs": {"queue": "gone"}}, {"eventbridge": {"bus": "gone"}}],
    ids=["queue", "bus"],
)
def test_a_destination_that_does_not_exist_is_retried(aws, queues, fields):
    w = World(aws, **fields)

    w.deliver(registration())

    assert w.report.state is DeliveryState.PENDING
    assert "gone" in w.report.reason or "does not exist" in w.report.reason


def test_a_message_that_the_queue_refuses_for_its_size_is_dead(server, aws, queues):
    body = {"body": "{text: join('', [model_id, metadata.tags.text])}"}
    large = registration()
    payload = json.loads(large.body)
    payload["metadata"]["tags"]["text"] = "x" * (1024 * 1024)
    w = World(aws, sqs={"queue": QUEUE}, **body)

    w.deliver(replace(large, body=json.dumps(payload).encode()))

    assert (w.report.state, w.report.cause) == (DeliveryState.DEAD, "refused")
    assert "SQS accepts at most 1,048,576" in w.report.reason
    assert messages(server, queues[QUEUE]) == []


class Scripted:
    """AWS that answers or raises what a script says."""

    def __init__(self, *script):
        self.script, self.calls = list(script), []

    def call(self, service, operation, /, **parameters):
        self.calls.append(operation)
        if operation == "DescribeEventBus":
            return {"Arn": "arn"}
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def put(code=""):
    entry = {"ErrorCode": code, "ErrorMessage": "because"} if code else {"EventId": "e"}
    return {"FailedEntryCount": int(bool(code)), "Entries": [entry]}


def test_a_failed_entry_of_a_successful_call_is_not_a_delivery():
    w = World(Scripted(put("InternalFailure")), eventbridge={"bus": BUS})

    w.deliver(registration())

    assert w.report.state is DeliveryState.PENDING
    assert "InternalFailure: because" in w.report.reason


def test_throttling_costs_no_attempt_of_the_schedule():
    w = World(
        Scripted(ThrottledError("sqs:SendMessage failed: Throttling")),
        sqs={"queue": "https://sqs.us-east-1.amazonaws.com/123456789012/q"},
    )

    w.deliver(registration())

    waiting = w.report
    assert waiting.state is DeliveryState.PENDING
    assert "Throttling" in waiting.reason
    with w.database.reading() as connection:
        assert connection.execute(deliveries.select()).one().charged == 0


def test_a_lost_response_makes_the_next_attempt_a_possible_duplicate():
    w = World(
        Scripted(OutcomeUnknownError("lost")),
        sqs={"queue": "https://sqs.us-east-1.amazonaws.com/123456789012/q"},
    )

    (answer,) = w.deliver(registration())

    assert answer == Unanswered("lost", is_sent=True)
    (attempt,) = w.log.attempts(w.report.id)
    assert attempt.outcome == "unknown"
