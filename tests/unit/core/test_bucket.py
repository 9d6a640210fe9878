"""A rate is kept, whoever asks and however often."""

import pytest

from controller.core.bucket import Bucket, Rate

RATE = Rate(burst=3, refill=2)


def waits(bucket: Bucket, moments) -> list[float]:
    found = []
    for now in moments:
        bucket, wait = bucket.taken(now)
        found.append(wait)
    return found


def test_a_full_bucket_lets_a_burst_through_and_then_one_at_a_time():
    assert waits(Bucket.full(RATE, 0), [0] * 5) == [0, 0, 0, 0.5, 1.0]


def test_a_bucket_fills_with_time_and_never_beyond_its_burst():
    emptied, _ = Bucket.full(RATE, 0).taken(0)

    assert waits(emptied, [100] * 4) == [0, 0, 0, 0.5]


def test_a_clock_that_stands_still_or_goes_back_fills_nothing():
    empty = Bucket(RATE, 0, at=10)

    assert empty.admits(9) == (Bucket(RATE, 0, at=9), False)


def test_a_refusal_empties_the_bucket_and_one_comes_every_other_second():
    refused = Bucket.full(RATE, 0).refused(0)

    assert waits(refused, [0, 0]) == [2.0, 4.0]


def test_refusals_never_stop_the_asking():
    bucket = Bucket.full(RATE, 0)
    for _ in range(50):
        bucket = bucket.refused(0)

    assert waits(bucket, [0]) == [2.0]


def test_a_pace_that_was_cut_is_held_and_then_recovers_within_a_minute():
    refused = Bucket.full(RATE, 0).refused(0)
    held, _ = refused.admits(30)
    settled, _ = held.admits(90)

    assert (held.pace, settled.pace) == (0.25, 1.0)


@pytest.mark.parametrize("tokens", [1, 2.5])
def test_what_has_a_token_is_admitted(tokens):
    bucket, admitted = Bucket(RATE, tokens, at=0).admits(0)

    assert admitted
    assert bucket.tokens == tokens - 1
