"""EventBridge and SQS in memory: event buses and queues that are named as targets."""

import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_shelf import Shelf


class _Destinations(Shelf):
    """Service that hands events to the receivers of their targets.

    Attributes:
        receivers: Receivers, by name of the target and of its destination.
    """

    receivers: Mapping[str, Any]

    def _take(self, name: str, event_id: str, body: str) -> None:
        self._of(name, "ResourceNotFoundException")
        receiver = self.receivers[name]
        receiver.told[event_id] += 1
        receiver.bodies[event_id] = body.encode()


class Queues(_Destinations):
    """SQS: queues whose URL is their name."""

    def GetQueueUrl(self, parameters: Mapping[str, Any]) -> Any:
        """Return the URL of a queue."""
        self._of(parameters["QueueName"], "QueueDoesNotExist")
        return {"QueueUrl": parameters["QueueName"]}

    def SendMessage(self, parameters: Mapping[str, Any]) -> Any:
        """Take one message."""
        id_ = parameters["MessageAttributes"]["event_id"]["StringValue"]
        self._take(parameters["QueueUrl"], id_, parameters["MessageBody"])
        return {"MessageId": f"message-{id_}"}


class EventBuses(_Destinations):
    """EventBridge: custom event buses."""

    def DescribeEventBus(self, parameters: Mapping[str, Any]) -> Any:
        """Return one event bus."""
        self._of(parameters["Name"], "ResourceNotFoundException")
        return {"Name": parameters["Name"], "Arn": f"arn:{parameters['Name']}"}

    def PutEvents(self, parameters: Mapping[str, Any]) -> Any:
        """Take one event."""
        (entry,) = parameters["Entries"]
        id_ = json.loads(entry["Detail"])["idempotency_key"]
        self._take(entry["EventBusName"], id_, entry["Detail"])
        return {"FailedEntryCount": 0, "Entries": [{"EventId": f"event-{id_}"}]}
