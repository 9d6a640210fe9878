"""Events sent to EventBridge and SQS, one call for each attempt."""

import threading

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import ControllerError, DriverError, NotFoundError
from controller.core.webhooks.answers import (
    Answer,
    AnswerMeaning,
    AwsAccepted,
    AwsRefused,
)
from controller.core.webhooks.aws_destination import (
    AwsDestination,
    EventBus,
    EventMessage,
    SqsQueue,
    error_answer,
    local_refusal,
    put_events,
    put_events_answer,
    send_message,
)

# An event bus that is deleted is noticed within this time.
_BUS_SECONDS = 300.0


class AwsDestinations:
    """Client of event buses and queues. Thread-safe.

    Args:
        aws: Client that sends each call once; the outbox repeats.
        clock: Clock.
    """

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._lock = threading.Lock()
        self._urls: dict[str, str] = {}
        self._known_until: dict[str, float] = {}

    def send(self, to: AwsDestination, message: EventMessage) -> Answer:
        """Send ``message``; failures are answers, not exceptions."""
        if reason := local_refusal(to, message):
            return AwsRefused(reason, AnswerMeaning.REFUSED)
        match to:
            case EventBus():
                return self._put(to, message)
            case SqsQueue():
                return self._enqueue(to, message)

    def _put(self, bus: EventBus, message: EventMessage) -> Answer:
        try:
            self._require_bus(bus.bus)
        except DriverError as error:
            return _answer(error, is_sent=False)
        try:
            response = self._aws.call("events", "PutEvents", **put_events(bus, message))
        except ControllerError as error:
            return _answer(error)
        return put_events_answer(response)

    def _enqueue(self, queue: SqsQueue, message: EventMessage) -> Answer:
        try:
            url = self._url(queue.queue)
        except ControllerError as error:
            return _answer(error, is_sent=False)
        try:
            response = self._aws.call(
                "sqs", "SendMessage", **send_message(queue, url, message)
            )
        except NotFoundError as error:
            with self._lock:
                self._urls.pop(queue.queue, None)
            return _answer(error)
        except ControllerError as error:
            return _answer(error)
        return AwsAccepted(str(response.get("MessageId", "")))

    def _require_bus(self, bus: str) -> None:
        """Raise NotFoundError if ``bus`` does not exist.

        PutEvents reports success for an event bus that does not exist, and the event is
        lost. Without the permission to look, or an answer, the event is sent.
        """
        now = self._clock.monotonic()
        with self._lock:
            if self._known_until.get(bus, now) > now:
                return
        try:
            self._aws.call("events", "DescribeEventBus", Name=bus)
        except NotFoundError:
            raise
        except ControllerError:
            return
        with self._lock:
            self._known_until[bus] = now + _BUS_SECONDS

    def _url(self, queue: str) -> str:
        """Return the URL of a queue that is named or addressed; read once."""
        if "://" in queue:
            return queue
        with self._lock:
            known = self._urls.get(queue)
        if known is None:
            answer = self._aws.call("sqs", "GetQueueUrl", QueueName=queue)
            known = str(answer["QueueUrl"])
            with self._lock:
                self._urls[queue] = known
        return known


def _answer(error: ControllerError, *, is_sent: bool = True) -> Answer:
    from controller.clients.aws.errors import error_code

    return error_answer(error, error_code(error), is_sent=is_sent)
