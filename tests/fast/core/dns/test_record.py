"""Order of the addresses of a name, and the times of its queries."""

import pytest

from controller.core.dns.answers import Failure, FailureKind, Found, Source
from controller.core.dns.record import (
    CacheLimits,
    NameRecord,
    answered,
    chosen,
    is_due,
)

LIMITS = CacheLimits()
EMPTY = NameRecord("mlflow.internal")
FOUND = Found(("10.0.0.1",), 60)
TIMEOUT = Failure(FailureKind.TIMEOUT, "silence")
GONE = Failure(FailureKind.NXDOMAIN, "gone", 5)
FAILURES = [Failure(kind, "reason") for kind in FailureKind]


def source(record, now, **options):
    found = chosen(record, now, LIMITS, **options)
    return None if found is None else found.source


def test_a_pin_comes_first():
    fresh = answered(EMPTY, FOUND, 0, LIMITS)

    assert source(fresh, 1, pinned=("10.9.9.9",)) is Source.PIN


def test_an_answer_is_fresh_then_refreshing_then_unknown():
    record = answered(EMPTY, FOUND, 0, LIMITS)

    assert source(record, 59) is Source.FRESH
    assert source(record, 60) is Source.REFRESHING
    assert source(record, 86_401) is None


@pytest.mark.parametrize("failure", FAILURES, ids=list(FailureKind))
def test_after_any_failure_the_last_answer_is_stale(failure):
    record = answered(answered(EMPTY, FOUND, 0, LIMITS), failure, 70, LIMITS)

    assert source(record, 71) is Source.STALE


@pytest.mark.parametrize("kind", FailureKind)
def test_only_an_answer_that_the_name_is_missing_ends_the_use_of_its_address(kind):
    failure = Failure(kind, "reason")
    record = answered(answered(EMPTY, FOUND, 0, LIMITS), failure, 70, LIMITS)

    expected = None if failure.is_missing else Source.STALE
    assert source(record, 131) is expected


def test_the_grace_of_a_missing_name_begins_with_the_first_such_answer():
    record = answered(EMPTY, Found(("10.0.0.1",), 3600), 0, LIMITS)
    record = answered(record, GONE, 250, LIMITS)
    record = answered(record, GONE, 290, LIMITS)

    assert source(record, 310) is Source.STALE
    assert source(record, 311) is None


def test_a_stored_address_comes_before_a_declared_one():
    record = NameRecord("a", ("10.0.0.9",), stored=("10.0.0.7",))

    assert chosen(record, 1, LIMITS).addresses == ("10.0.0.7",)
    assert source(answered(record, GONE, 1, LIMITS), 1) is Source.FALLBACK
    assert source(NameRecord("a", ("10.0.0.9",)), 1) is Source.FALLBACK


@pytest.mark.parametrize(("ttl", "fresh"), [(0, 1), (10, 10), (9_999, 300)])
def test_the_time_to_live_has_bounds(ttl, fresh):
    record = answered(EMPTY, Found(("10.0.0.1",), ttl), 0, LIMITS)

    assert record.found.ttl == fresh
    assert fresh * 0.8 <= record.next_query_at <= fresh * 0.9


def test_a_name_is_due_at_once_and_after_a_failure_later():
    assert is_due(EMPTY, -1e9)
    failed = answered(EMPTY, TIMEOUT, 0, LIMITS)
    assert not is_due(failed, 1.7)
    assert is_due(failed, 2)


def test_late_in_an_outage_queries_are_30_s_apart():
    record = EMPTY
    for at in (0, 61):
        record = answered(record, TIMEOUT, at, LIMITS)

    assert 27 <= record.next_query_at - 61 <= 30


@pytest.mark.parametrize(("ttl", "wait"), [(None, 2), (0, 1), (5, 5), (900, 30)])
def test_a_negative_answer_is_cached_within_bounds(ttl, wait):
    record = answered(EMPTY, Failure(FailureKind.NO_DATA, "none", ttl), 0, LIMITS)

    assert record.next_query_at == wait


def test_a_known_name_that_is_missing_is_asked_for_as_in_an_outage():
    record = answered(answered(EMPTY, FOUND, 0, LIMITS), GONE, 70, LIMITS)

    assert 1.8 <= record.next_query_at - 70 <= 2
