"""The meaning of each answer of a receiver."""

from controller.core.webhooks.answers import (
    Answered,
    AnswerMeaning,
    Unanswered,
    meaning_of,
)

REFUSED = {400, 406, 409, 411, 413, 414, 415, 422, 431, 501}


def expected(status):
    if status in REFUSED:
        return AnswerMeaning.REFUSED
    if status == 410:
        return AnswerMeaning.GONE
    if status == 429:
        return AnswerMeaning.POSTPONED
    if status in range(200, 300):
        return AnswerMeaning.ACCEPTED
    return AnswerMeaning.TRANSIENT


def test_every_status_has_one_meaning():
    every = range(100, 600)

    found = {status: meaning_of(Answered(status)) for status in every}

    assert found == {status: expected(status) for status in every}


def test_an_unavailable_receiver_that_names_a_time_asks_for_it():
    assert meaning_of(Answered(503, 90)) is AnswerMeaning.POSTPONED
    assert meaning_of(Answered(500, 90)) is AnswerMeaning.TRANSIENT


def test_no_response_may_pass():
    assert meaning_of(Unanswered("refused")) is AnswerMeaning.TRANSIENT
