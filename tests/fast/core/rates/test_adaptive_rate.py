"""What refusals teach about a rate that others use up, too."""

import pytest

from controller.core.rates.adaptive_rate import AdaptiveRate, CallResult, Permit
from controller.core.rates.token_bucket import Rate

AWS = Rate(100, 20)


class Way:
    """Goes through a gate again and again; time passes only while it waits."""

    def __init__(self, rate=AWS):
        self.now = 0.0
        self.gate = AdaptiveRate.of(rate, 0)

    def ask(self):
        self.gate, leave = self.gate.request(self.now)
        return leave

    def answer(self, permit, answer=CallResult.ADMITTED):
        self.gate = self.gate.after_response(permit, answer, self.now)

    def go(self, answer=CallResult.ADMITTED):
        """Send one request, and return the seconds that it had to wait."""
        began = self.now
        while not isinstance(leave := self.ask(), Permit):
            self.now += leave
        self.answer(leave, answer)
        return self.now - began


def test_the_first_requests_go_one_by_one_and_then_twice_as_many_at_a_time():
    way, rounds = Way(), []

    for _ in range(5):
        leaves = [way.ask() for _ in range(40)]
        permits = [leave for leave in leaves if isinstance(leave, Permit)]
        for permit in permits:
            way.answer(permit)
        rounds.append(len(permits))

    assert rounds == [1, 2, 4, 8, 40]


def test_what_is_documented_goes_at_once_when_nobody_refuses():
    way = Way(Rate(30, 1))

    assert [way.go() for _ in range(30)] == [0] * 30
    assert way.go() == pytest.approx(1)


def test_a_request_that_gets_no_answer_stops_the_others_for_a_second():
    way = Way()
    way.ask()

    way.now = 0.9
    stopped = way.ask()
    way.now = 1.0

    assert not isinstance(stopped, Permit)
    assert isinstance(way.ask(), Permit)


def test_after_a_refusal_the_next_goes_alone_and_two_seconds_later():
    way = Way()
    way.go()
    waited = way.go(CallResult.REFUSED), way.go(), way.go()

    assert waited == (0, pytest.approx(2), pytest.approx(2))


def test_nothing_is_saved_up_at_a_slower_pace():
    way = Way()
    way.go(CallResult.REFUSED)

    way.now += 60
    waited = way.go(), way.go()

    assert waited == (0, pytest.approx(2))


def test_what_was_under_way_when_one_was_refused_teaches_nothing_more():
    way = Way()
    way.go()
    first, second = way.ask(), way.ask()

    way.answer(first, CallResult.REFUSED)
    pace = way.gate.pace
    way.answer(second, CallResult.REFUSED)

    assert way.gate.pace == pace


def test_a_failing_server_teaches_nothing():
    way = Way()
    before = way.gate

    way.go(CallResult.UNKNOWN)

    assert (way.gate.pace, way.gate.window) == (before.pace, before.window)


def test_a_faster_pace_that_was_refused_is_tried_again_four_times_later():
    way, tried = Way(), []
    way.go(CallResult.REFUSED)
    limit = way.gate.pace
    for number in range(200):
        beyond = way.gate.pace > limit
        way.go(CallResult.REFUSED if beyond else CallResult.ADMITTED)
        tried += [number] if beyond else []

    assert tried == [10, 51]


def test_where_others_have_gone_the_documented_pace_is_reached_in_a_minute():
    way = Way()
    way.go(CallResult.REFUSED)

    while way.gate.pace < AWS.refill:
        way.go()

    assert way.now < 60


def test_a_refusal_is_forgotten_after_five_minutes():
    way = Way()
    way.go()
    way.go(CallResult.REFUSED)

    way.now += 300

    assert [way.go() for _ in range(30)] == [0] * 30


def test_refusals_never_stop_the_asking():
    way = Way()
    for _ in range(50):
        way.go(CallResult.REFUSED)

    assert way.go() == pytest.approx(10)
