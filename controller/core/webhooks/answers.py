"""Answers of receivers to webhook deliveries, and the meaning of each status."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

OK = range(200, 300)
# Responses of a gateway whose backend may have received the request.
GATEWAY = frozenset({502, 504})


class AnswerMeaning(StrEnum):
    """Meaning of an answer for the delivery; completes "the event is ...".

    Attributes:
        ACCEPTED: The receiver has it.
        POSTPONED: The receiver asks for time, which costs no attempt.
        TRANSIENT: A later attempt may succeed, perhaps after a correction.
        REFUSED: The receiver refuses this event, now and later; or there is no body
            to send.
        GONE: The receiver wants no events any more.
        NOT_PERMITTED: The controller sent nothing, because of the configuration. This costs
            no attempt.
    """

    ACCEPTED = "accepted"
    POSTPONED = "postponed"
    TRANSIENT = "transient"
    REFUSED = "refused"
    GONE = "gone"
    NOT_PERMITTED = "not permitted"


# RFC 9110, section 15, and RFC 6585. Other statuses outside 2xx are transient: a wrong
# secret (401), a rule of a firewall (403) or a missing route (404) is corrected without
# a change of the event.
_MEANINGS: Mapping[int, AnswerMeaning] = {
    400: AnswerMeaning.REFUSED,
    406: AnswerMeaning.REFUSED,
    409: AnswerMeaning.REFUSED,
    410: AnswerMeaning.GONE,
    411: AnswerMeaning.REFUSED,
    413: AnswerMeaning.REFUSED,
    414: AnswerMeaning.REFUSED,
    415: AnswerMeaning.REFUSED,
    422: AnswerMeaning.REFUSED,
    429: AnswerMeaning.POSTPONED,
    431: AnswerMeaning.REFUSED,
    501: AnswerMeaning.REFUSED,
}
_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Answered:
    """The receiver responded.

    Attributes:
        status: HTTP status.
        retry_after: Seconds of its Retry-After header, if there was one.
    """

    status: int
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No response: connection refused, timeout, cut off, or invalid certificate.

    Attributes:
        error: Cause.
        is_sent: True if the request may have arrived, as after a timeout.
    """

    error: str
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class Queued:
    """A queue has the message.

    Attributes:
        is_new: False if it had the message from an earlier attempt.
    """

    is_new: bool = True


@dataclass(frozen=True, slots=True)
class NotPermitted:
    """Nothing was sent: the document does not permit the address or the scheme.

    Attributes:
        reason: Cause, as a clause.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class NotDerived:
    """Nothing was sent: the expression of the target makes no body of this event.

    Attributes:
        reason: Cause, as a clause.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class AwsAccepted:
    """EventBridge or SQS has the event.

    Attributes:
        id: Id that AWS gave it.
    """

    id: str


@dataclass(frozen=True, slots=True)
class AwsRefused:
    """EventBridge or SQS answered with an error.

    Attributes:
        error: Failed call and its cause, as a clause.
        meaning: Meaning for the delivery.
    """

    error: str
    meaning: AnswerMeaning


Answer: TypeAlias = (
    Answered
    | Unanswered
    | Queued
    | AwsAccepted
    | AwsRefused
    | NotPermitted
    | NotDerived
)


def meaning_of(answer: Answer) -> AnswerMeaning:
    """Return the meaning of ``answer``.

    Without a response, or with another status, a later attempt may succeed.
    """
    match answer:
        case Queued() | AwsAccepted():
            return AnswerMeaning.ACCEPTED
        case AwsRefused(meaning=meaning):
            return meaning
        case Answered():
            return _meaning_of_response(answer)
        case Unanswered():
            return AnswerMeaning.TRANSIENT
        case NotPermitted():
            return AnswerMeaning.NOT_PERMITTED
        case NotDerived():
            return AnswerMeaning.REFUSED


def _meaning_of_response(answer: Answered) -> AnswerMeaning:
    if answer.status in OK:
        return AnswerMeaning.ACCEPTED
    if answer.status == _UNAVAILABLE and answer.retry_after:
        return AnswerMeaning.POSTPONED
    return _MEANINGS.get(answer.status, AnswerMeaning.TRANSIENT)


def failure(answer: Answer) -> str:
    """Return the reason why an attempt failed, as a clause."""
    match answer:
        case Answered(status):
            return f"the receiver answered {status}"
        case Unanswered(error=error) | AwsRefused(error=error):
            return error
        case Queued() | AwsAccepted():
            return "the event was accepted"
        case NotPermitted(reason) | NotDerived(reason):
            return reason
