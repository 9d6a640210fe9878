"""Requests to EventBridge and SQS, and the meaning of their answers."""

import pytest

from controller.core.errors import (
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    ThrottledError,
    TransientError,
)
from controller.core.webhooks.answers import (
    AnswerMeaning,
    AwsAccepted,
    Unanswered,
    failure,
    meaning_of,
)
from controller.core.webhooks.aws_destination import (
    LARGEST,
    EventBus,
    EventMessage,
    SqsQueue,
    error_answer,
    local_refusal,
    message_group,
    put_events,
    put_events_answer,
    send_message,
)

BUS, QUEUE = EventBus("events", "hokusai"), SqsQueue("queue")
FIFO = SqsQueue("queue.fifo")
MESSAGE = EventMessage("id-1", "model.registered", "lead", b'{"n":1}')


def test_an_event_on_a_bus_has_its_type_as_detail_type():
    assert put_events(BUS, MESSAGE) == {
        "Entries": [
            {
                "EventBusName": "events",
                "Source": "hokusai",
                "DetailType": "model.registered",
                "Detail": '{"n":1}',
            }
        ]
    }


def test_a_message_has_the_id_of_the_event_as_an_attribute():
    sent = send_message(QUEUE, "https://queue", MESSAGE)

    attributes = {k: v["StringValue"] for k, v in sent["MessageAttributes"].items()}
    assert (sent["QueueUrl"], sent["MessageBody"]) == ("https://queue", '{"n":1}')
    assert attributes == {
        "event_id": "id-1",
        "event_type": "model.registered",
        "attempt": "1",
    }
    assert "MessageDeduplicationId" not in sent


def test_a_fifo_queue_gets_the_event_as_deduplication_id_and_its_subject_as_group():
    repeat = EventMessage("id-1", "model.registered", "lead", b"{}", 2, True)

    sent = send_message(FIFO, "https://queue.fifo", repeat)

    assert sent["MessageDeduplicationId"] == "id-1"
    assert sent["MessageGroupId"] == "lead"
    assert sent["MessageAttributes"]["possible_duplicate"]["StringValue"] == "true"


@pytest.mark.parametrize("subject", ["Sales Lead", "北斎", "x" * 129, ""])
def test_a_subject_that_is_no_group_is_replaced_by_an_id(subject):
    group = message_group(subject)

    assert group == message_group(subject) != message_group("other subject")
    assert len(group) == 36


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("ThrottlingException", AnswerMeaning.POSTPONED),
        ("MalformedDetail", AnswerMeaning.REFUSED),
        ("InvalidArgument", AnswerMeaning.REFUSED),
        ("InternalFailure", AnswerMeaning.TRANSIENT),
        ("NotAuthorizedForSourceException", AnswerMeaning.TRANSIENT),
    ],
)
def test_a_failed_entry_is_a_failure_with_its_code(code, meaning):
    entry = {"ErrorCode": code, "ErrorMessage": "because"}

    answer = put_events_answer({"FailedEntryCount": 1, "Entries": [entry]})

    assert meaning_of(answer) is meaning
    assert failure(answer).endswith(f"{code}: because")


def test_an_entry_without_an_error_is_accepted_unless_one_is_counted():
    fine = {"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}]}

    assert put_events_answer(fine) == AwsAccepted("e-1")
    counted = put_events_answer({**fine, "FailedEntryCount": 1})
    assert meaning_of(counted) is AnswerMeaning.TRANSIENT


@pytest.mark.parametrize(
    ("error", "code", "meaning"),
    [
        (ThrottledError("slow down"), "", AnswerMeaning.POSTPONED),
        (TransientError("no connection"), "", AnswerMeaning.TRANSIENT),
        (NotFoundError("no queue"), "", AnswerMeaning.TRANSIENT),
        (PermanentError("denied"), "AccessDenied", AnswerMeaning.TRANSIENT),
        (PermanentError("no"), "InvalidMessageContents", AnswerMeaning.REFUSED),
        (
            PermanentError("Message must be shorter than 262144 bytes"),
            "InvalidParameterValue",
            AnswerMeaning.REFUSED,
        ),
    ],
)
def test_an_error_of_the_call_has_the_meaning_of_its_cause(error, code, meaning):
    answer = error_answer(error, code)

    assert meaning_of(answer) is meaning
    assert failure(answer) == str(error)


def test_a_lost_response_may_have_arrived():
    lost = OutcomeUnknownError("lost")

    assert error_answer(lost, "") == Unanswered("lost", is_sent=True)
    assert error_answer(lost, "", is_sent=False) == Unanswered("lost")


def test_an_event_that_is_too_large_is_refused_before_it_is_sent():
    large = EventMessage("id-1", "t", "s", b"{" + b" " * LARGEST)

    assert "1,048,577 bytes; SQS accepts at most 1,048,576" in local_refusal(
        QUEUE, large
    )
    assert "EventBridge" in local_refusal(BUS, large)
    assert local_refusal(BUS, MESSAGE) == ""


def test_the_detail_on_a_bus_must_be_an_object():
    text = EventMessage("id-1", "t", "s", b'"text"')

    assert "must be a JSON object" in local_refusal(BUS, text)
    assert local_refusal(QUEUE, text) == ""
