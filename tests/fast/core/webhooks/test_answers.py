"""The meaning of each answer of a receiver."""

import pytest

from controller.core.webhooks.answers import (
    Answered,
    AnswerMeaning,
    Unanswered,
    meaning_of,
)

REFUSED = {400, 406, 409, 411, 413, 414, 415, 422, 431, 501}


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_has_one_meaning(status):
    if status in REFUSED:
        expected = AnswerMeaning.REFUSED
    elif status == 410:
        expected = AnswerMeaning.GONE
    elif status == 429:
        expected = AnswerMeaning.POSTPONED
    elif status in range(200, 300):
        expected = AnswerMeaning.ACCEPTED
    else:
        expected = AnswerMeaning.TRANSIENT

    assert meaning_of(Answered(status)) is expected


def test_an_unavailable_receiver_that_names_a_time_asks_for_it():
    assert meaning_of(Answered(503, 90)) is AnswerMeaning.POSTPONED
    assert meaning_of(Answered(500, 90)) is AnswerMeaning.TRANSIENT


def test_no_response_may_pass():
    assert meaning_of(Unanswered("refused")) is AnswerMeaning.TRANSIENT
