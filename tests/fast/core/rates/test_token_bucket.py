"""A rate is kept, whoever asks and however often."""

import pytest

from controller.core.rates.token_bucket import Rate, TokenBucket

RATE = Rate(burst=3, refill=2)


def admitted(bucket: TokenBucket, moments) -> list[bool]:
    found = []
    for now in moments:
        bucket, admits = bucket.admits(now)
        found.append(admits)
    return found


def test_a_full_bucket_lets_a_burst_through_and_then_one_at_a_time():
    moments = [0, 0, 0, 0, 0.4, 0.5, 0.6]

    assert admitted(TokenBucket.full(RATE, 0), moments) == [True] * 3 + [
        False,
        False,
        True,
        False,
    ]


def test_a_bucket_fills_with_time_and_never_beyond_its_burst():
    assert admitted(TokenBucket(RATE, 0, at=0), [100] * 4) == [True, True, True, False]


def test_a_clock_that_stands_still_or_goes_back_fills_nothing():
    empty = TokenBucket(RATE, 0, at=10)

    assert empty.admits(9) == (TokenBucket(RATE, 0, at=9), False)


@pytest.mark.parametrize("tokens", [0, 0.1, 0.9])
def test_whoever_waits_until_a_token_is_due_gets_it(tokens):
    bucket = TokenBucket(RATE, tokens, at=7.3)

    assert admitted(bucket, [7.3 + bucket.due_in(7.3)]) == [True]


@pytest.mark.parametrize("tokens", [1, 2.5])
def test_what_has_a_token_is_admitted(tokens):
    bucket, admits = TokenBucket(RATE, tokens, at=0).admits(0)

    assert admits
    assert bucket.tokens == tokens - 1
