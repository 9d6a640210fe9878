"""Rates: their text, and the share of a replica."""

import pytest

from controller.core.access.rate import (
    DEFAULT_RATES,
    RequestClass,
    RequestRate,
    rate,
    rates,
)


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
    assert rate("600/min burst 9").shared(3) == RequestRate(600, 180, 3)
    assert rate("1/min").shared(3) == RequestRate(1, 180, 1)


@pytest.mark.parametrize("replicas", range(1, 50))
@pytest.mark.parametrize("text", ["1/min", "7/s burst 3", "600/min", "10/h burst 49"])
def test_shares_add_up_to_the_rate(text, replicas):
    whole, share = rate(text), rate(text).shared(replicas)

    each = share.count / share.seconds
    assert each * replicas == pytest.approx(whole.count / whole.seconds)
    assert share.burst * replicas <= max(whole.burst, replicas)


def test_rates_of_classes_are_listed():
    assert rates("predict=600/min, failed-auth=5/min burst 2") == {
        RequestClass.PREDICT: RequestRate(600, 60, 600),
        RequestClass.FAILED_AUTH: RequestRate(5, 60, 2),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("guess=1/s", "names no class of predict, mlflow-read"),
        ("predict", "has no rate for predict, as in 600/min"),
        ("predict=1/s,predict=2/s", "has two rates for predict"),
        ("predict=1/s,", "names no class"),
    ],
)
def test_a_list_that_is_wrong_is_explained(text, problem):
    with pytest.raises(ValueError, match=problem):
        rates(text)


def test_each_class_has_a_limit():
    assert set(DEFAULT_RATES) == set(RequestClass)
