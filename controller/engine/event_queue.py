"""Listener on a queue of ECS events that requests a pass for each relevant event.

Correctness does not depend on it: without the queue, changes are only noticed later.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import DriverError, NotFoundError
from controller.core.status.aws_events import (
    AwsMessage,
    classify_message,
    event_pattern,
)
from controller.telemetry.metrics import ECS_EVENTS, Counter

log = logging.getLogger(__name__)

# The client's timeout is 20 s: a poll must end well before.
WAIT_SECONDS = 15
_MOST = 10
# Events come in bursts: a rollout sends one for each task.
_GATHER_SECONDS = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

Message = Mapping[str, Any]


class EventQueue:
    """Listener on one queue.

    Args:
        aws: AWS client.
        queue: URL of the queue.
        cluster: Cluster whose events are relevant.
        request_pass: Requests a pass; may be called from any thread.
        counter: Counter of the messages.
    """

    def __init__(
        self,
        aws: Aws,
        queue: str,
        cluster: str,
        request_pass: Callable[[], None],
        counter: Counter,
    ) -> None:
        self._aws = aws
        self._queue = queue
        self._cluster = cluster
        self._request_pass = request_pass
        self._counter = counter
        self._pause = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Listen until stopped; the caller does not wait for a poll in progress."""
        while not stopping.is_set():
            stopping.wait(self.once(stopping))

    def once(self, stopping: threading.Event) -> float:
        """Poll once, and return the seconds to wait before the next poll."""
        try:
            messages = self._received()
            found = [
                classify_message(m.get("Body", ""), self._cluster) for m in messages
            ]
            if stopping.is_set():
                # The next controller receives the messages again.
                return 0.0
            if AwsMessage.RELEVANT in found:
                self._request_pass()
            self._delete(messages)
        except DriverError as error:
            return self._failed(error)
        for one in found:
            self._counter.count(ECS_EVENTS, kind=one.value)
        self._succeeded()
        return _GATHER_SECONDS if AwsMessage.RELEVANT in found else 0.0

    def _received(self) -> list[Message]:
        answer = self._aws.call(
            "sqs",
            "ReceiveMessage",
            QueueUrl=self._queue,
            MaxNumberOfMessages=_MOST,
            WaitTimeSeconds=WAIT_SECONDS,
        )
        messages: list[Message] = answer.get("Messages", [])
        return messages

    def _delete(self, messages: list[Message]) -> None:
        """Delete the received messages. Others are received again, which is harmless."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        if entries:
            self._aws.call(
                "sqs", "DeleteMessageBatch", QueueUrl=self._queue, Entries=entries
            )

    def _failed(self, error: DriverError) -> float:
        """Log the first of several failures, and return the seconds to wait."""
        if not self._pause:
            fields = {"queue": self._queue, "error": str(error)}
            if isinstance(error, NotFoundError):
                fields["run"] = "; ".join(commands(self._queue))
            log.warning("event queue not readable", extra=fields)
        self._pause = min(max(_FIRST_PAUSE, self._pause * 2), _LONGEST_PAUSE)
        return self._pause

    def _succeeded(self) -> None:
        if self._pause:
            log.info("event queue readable again", extra={"queue": self._queue})
        self._pause = 0.0


def commands(queue: str) -> tuple[str, ...]:
    """Return the commands that create ``queue`` and route ECS events to it."""
    *_, account, name = queue.split("/")
    host = queue.partition("://")[2]
    region = host.split(".")[1] if host.startswith("sqs.") else "REGION"
    arn = f"arn:aws:sqs:{region}:{account}:{name}"
    policy = (
        '{"Policy":"{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",'
        '\\"Principal\\":{\\"Service\\":\\"events.amazonaws.com\\"},'
        f'\\"Action\\":\\"sqs:SendMessage\\",\\"Resource\\":\\"{arn}\\"}}]}}"}}'
    )
    return (
        f"aws sqs create-queue --queue-name {name}",
        f"aws sqs set-queue-attributes --queue-url {queue} --attributes '{policy}'",
        f"aws events put-rule --name {name} --event-pattern '{event_pattern()}'",
        f"aws events put-targets --rule {name} --targets Id={name},Arn={arn}",
    )
