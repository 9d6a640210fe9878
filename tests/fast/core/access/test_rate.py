"""Rates: their text, and the share of a replica."""

import pytest

from controller.core.access.rate import RequestRate, rate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("600/min", RequestRate(600, 60, 600)),
        ("10/s burst 50", RequestRate(10, 1, 50)),
        ("1/d", RequestRate(1, 86_400, 1)),
        ("1000/h burst 10", RequestRate(1000, 3600, 10)),
    ],
)
def test_a_rate_is_written_as_it_is_read(text, expected):
    assert rate(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text", ["", "0/s", "10", "10/w", "-1/s", "1/s burst 0", "1.5/s"]
)
def test_a_text_that_is_no_rate_is_explained(text):
    with pytest.raises(ValueError, match="600/min"):
        rate(text)


def test_replicas_share_a_rate_and_each_has_at_least_one_request():
    assert rate("600/min burst 9").shared(3) == RequestRate(200, 60, 3)
    assert rate("1/min").shared(3) == RequestRate(1, 60, 1)
