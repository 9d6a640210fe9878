"""Destinations in AWS: requests to EventBridge and SQS, and the meaning of answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from controller.core.errors import (
    ControllerError,
    NotFoundError,
    OutcomeUnknownError,
    ThrottledError,
    TransientError,
)
from controller.core.values.identity import derived_uuid
from controller.core.webhooks.answers import (
    Answer,
    AnswerMeaning,
    AwsAccepted,
    AwsRefused,
    Unanswered,
)

# The maximum of SQS. A queue may have a lower one, and so may EventBridge (256 KB in its
# API reference): AWS then refuses the request with a reason.
LARGEST = 1024 * 1024
_FIFO = ".fifo"
# SendMessage, MessageGroupId: letters, digits and punctuation, at most 128.
_GROUP = re.compile(r"[\x21-\x7e]{1,128}")
_THROTTLED = frozenset({"ThrottlingException", "ThrottledException", "Throttling"})
# Codes that say that this event is not accepted, now and later.
_REFUSED = frozenset({"InvalidMessageContents", "MalformedDetail", "InvalidArgument"})
_TOO_LARGE = ("must be shorter than", "over the limit", "too large")


@dataclass(frozen=True, slots=True)
class EventBus:
    """An event bus of EventBridge.

    Attributes:
        bus: Name or ARN.
        source: Source of the events.
    """

    bus: str
    source: str

    service = "EventBridge"

    def __str__(self) -> str:
        return f"eventbridge:{self.bus}"


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """A queue of SQS.

    Attributes:
        queue: Name or URL.
    """

    queue: str

    service = "SQS"

    @property
    def is_fifo(self) -> bool:
        """True for a queue that keeps the order of a group and drops repeats."""
        return self.queue.endswith(_FIFO)

    def __str__(self) -> str:
        return f"sqs:{self.queue}"


AwsDestination: TypeAlias = EventBus | SqsQueue


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One attempt to send an event.

    Attributes:
        id: Id of the event.
        type: Type of the event.
        subject: Model or resource that the event is about.
        body: Bytes to send.
        attempt: Number of the attempt, from 1.
        possible_duplicate: True if an earlier attempt may have arrived.
    """

    id: str
    type: str
    subject: str
    body: bytes
    attempt: int = 1
    possible_duplicate: bool = False


def local_refusal(to: AwsDestination, message: EventMessage) -> str:
    """Return the reason why AWS would never accept ``message``, or ""."""
    if len(message.body) > LARGEST:
        return (
            f"the event has {len(message.body):,} bytes; {to.service} accepts at most "
            f"{LARGEST:,}"
        )
    if isinstance(to, EventBus) and not message.body.lstrip().startswith(b"{"):
        return "the detail of an event in EventBridge must be a JSON object"
    return ""


def put_events(bus: EventBus, message: EventMessage) -> dict[str, Any]:
    """Return the parameters of PutEvents."""
    entry = {
        "EventBusName": bus.bus,
        "Source": bus.source,
        "DetailType": message.type,
        "Detail": message.body.decode(),
    }
    return {"Entries": [entry]}


def send_message(queue: SqsQueue, url: str, message: EventMessage) -> dict[str, Any]:
    """Return the parameters of SendMessage.

    A FIFO queue drops a repeat within five minutes, by the id of the event, and keeps
    the order of the events about one model or resource.
    """
    attributes = {
        "event_id": message.id,
        "event_type": message.type,
        "attempt": str(message.attempt),
    }
    if message.possible_duplicate:
        attributes["possible_duplicate"] = "true"
    parameters: dict[str, Any] = {
        "QueueUrl": url,
        "MessageBody": message.body.decode(),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in attributes.items()
        },
    }
    if queue.is_fifo:
        parameters["MessageDeduplicationId"] = message.id
        parameters["MessageGroupId"] = message_group(message.subject)
    return parameters


def message_group(subject: str) -> str:
    """Return the message group of the events about ``subject``."""
    return subject if _GROUP.fullmatch(subject) else str(derived_uuid(subject))


def put_events_answer(response: Mapping[str, Any]) -> Answer:
    """Return the answer in a response of PutEvents, which may hold a failed entry."""
    (entry,) = response["Entries"]
    code = entry.get("ErrorCode", "")
    if not code and not response.get("FailedEntryCount"):
        return AwsAccepted(str(entry.get("EventId", "")))
    message = str(entry.get("ErrorMessage", ""))
    error = f"events:PutEvents failed for the event: {code or 'no code'}: {message}"
    return AwsRefused(error, _meaning(code, message))


def error_answer(error: ControllerError, code: str, *, is_sent: bool = True) -> Answer:
    """Return the answer that a failed call means.

    Args:
        error: Error of the client.
        code: Error code of AWS; empty without a response.
        is_sent: True if the call would have sent the event.
    """
    match error:
        case OutcomeUnknownError():
            return Unanswered(str(error), is_sent)
        case ThrottledError():
            return AwsRefused(str(error), AnswerMeaning.POSTPONED)
        case TransientError():
            return Unanswered(str(error))
        case NotFoundError():
            return AwsRefused(str(error), AnswerMeaning.TRANSIENT)
        case _:
            return AwsRefused(str(error), _meaning(code, str(error)))


def _meaning(code: str, message: str) -> AnswerMeaning:
    """Return the meaning of an error code.

    As for HTTP, a missing permission, bus or queue is transient: it is corrected without
    a change of the event.
    """
    if code in _THROTTLED:
        return AnswerMeaning.POSTPONED
    if code in _REFUSED or any(words in message.lower() for words in _TOO_LARGE):
        return AnswerMeaning.REFUSED
    return AnswerMeaning.TRANSIENT
