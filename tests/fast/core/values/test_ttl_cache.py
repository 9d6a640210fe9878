"""Values that are kept for a limited time."""

import pickle
from datetime import timedelta

import pytest

from controller.core.values.ttl_cache import Entry, TtlCache


@pytest.fixture
def cache():
    return TtlCache[str, str](timedelta(seconds=60))


def test_a_value_is_fresh_for_less_than_its_time(cache):
    cache.put("a", "one", now=100.0)

    assert cache.get("a", now=159.9) == "one"
    assert cache.get("a", now=160.0) is None


def test_a_key_without_a_value_has_none(cache):
    assert cache.get("a", now=0.0) is None
    assert cache.last("a") is None


def test_the_last_value_stays_known_after_its_time(cache):
    cache.put("a", "one", now=100.0)

    assert cache.get("a", now=500.0) is None
    assert cache.last("a") == Entry("one", 100.0)


def test_a_value_that_is_put_again_is_fresh_again(cache):
    cache.put("a", "one", now=100.0)
    cache.put("a", "two", now=150.0)

    assert cache.get("a", now=200.0) == "two"


def test_a_dropped_value_is_gone_and_the_others_stay(cache):
    cache.put("a", "one", now=0.0)
    cache.put("b", "two", now=0.0)

    cache.drop("a")
    cache.drop("never put")

    assert cache.last("a") is None
    assert cache.get("b", now=1.0) == "two"


def test_a_cleared_cache_is_empty(cache):
    cache.put("a", "one", now=0.0)

    cache.clear()

    assert cache.last("a") is None


def test_the_value_put_longest_ago_is_dropped_first():
    cache = TtlCache[str, int](timedelta(seconds=60), most=2)

    for number, key in enumerate("abac"):
        cache.put(key, number, now=float(number))

    assert [cache.last(key) is not None for key in "abc"] == [True, False, True]


def test_a_falsy_value_is_a_value():
    cache = TtlCache[str, bool](timedelta(seconds=60))
    cache.put("a", value=False, now=0.0)

    assert cache.get("a", now=1.0) is False


def test_a_cache_can_be_saved_and_restored(cache):
    cache.put("a", "one", now=0.0)

    again = pickle.loads(pickle.dumps(cache))  # noqa: S301 - our own bytes

    assert again.get("a", now=1.0) == "one"
