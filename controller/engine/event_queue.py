"""Listen to a queue for news, and ask for a pass when there is some.

Correctness never rests on it: a queue that is away costs time, and nothing else.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import DriverError, NotFoundError
from controller.core.status.aws_events import AwsEvents, news_of, pattern
from controller.telemetry.metrics import ECS_EVENTS, Counter

log = logging.getLogger(__name__)

# The client gives an answer 20 s: a poll must be done before, with room to spare.
WAIT_SECONDS = 15
_MOST = 10
# News come in crowds: a rollout tells of each of its tasks.
_GATHER_SECONDS = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

Message = Mapping[str, Any]


class EventQueue:
    """Listens to one queue.

    Args:
        aws: AWS.
        queue: The URL of the queue.
        cluster: Whose news matter.
        asked: Asks for a pass; may be called from any thread.
        counter: Counts the messages.
    """

    def __init__(
        self,
        aws: Aws,
        queue: str,
        cluster: str,
        asked: Callable[[], None],
        counter: Counter,
    ) -> None:
        self._aws = aws
        self._queue = queue
        self._cluster = cluster
        self._asked = asked
        self._counter = counter
        self._pause = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Listen until stopped; a poll that is under way is not waited for."""
        while not stopping.is_set():
            stopping.wait(self.once(stopping))

    def once(self, stopping: threading.Event) -> float:
        """Poll once, and return how many seconds to wait before the next time."""
        try:
            messages = self._received()
            found = [news_of(m.get("Body", ""), self._cluster) for m in messages]
            if stopping.is_set():
                # Whoever takes over is told of them again.
                return 0.0
            if AwsEvents.OURS in found:
                self._asked()
            self._delete(messages)
        except DriverError as error:
            return self._missed(error)
        for one in found:
            self._counter.count(ECS_EVENTS, kind=one.name.lower())
        self._heard()
        return _GATHER_SECONDS if AwsEvents.OURS in found else 0.0

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
        """Delete what was heard. What stays is heard again, which harms nobody."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        if entries:
            self._aws.call(
                "sqs", "DeleteMessageBatch", QueueUrl=self._queue, Entries=entries
            )

    def _missed(self, error: DriverError) -> float:
        """Tell once that nothing is heard, and return how long to wait."""
        if not self._pause:
            fields = {"queue": self._queue, "error": str(error)}
            if isinstance(error, NotFoundError):
                fields["run"] = "; ".join(commands(self._queue))
            log.warning("events not heard", extra=fields)
        self._pause = min(max(_FIRST_PAUSE, self._pause * 2), _LONGEST_PAUSE)
        return self._pause

    def _heard(self) -> None:
        if self._pause:
            log.info("events heard again", extra={"queue": self._queue})
        self._pause = 0.0


def commands(queue: str) -> tuple[str, ...]:
    """Return the commands that make ``queue`` and lead ECS's news into it."""
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
        f"aws events put-rule --name {name} --event-pattern '{pattern()}'",
        f"aws events put-targets --rule {name} --targets Id={name},Arn={arn}",
    )
