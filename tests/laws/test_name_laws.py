"""Laws of name resolution: for every history of answers, pins and pauses."""

from hypothesis import given
from hypothesis import strategies as st

from controller.core.dns.answers import Failure, FailureKind, Found, Source
from controller.core.dns.record import (
    CacheLimits,
    NameRecord,
    answered,
    chosen,
    is_due,
)

LIMITS = CacheLimits(max_stale=3_600)
GRACE = 60
ADDRESSES = st.lists(
    st.integers(1, 9).map(lambda n: f"10.0.0.{n}"), min_size=1, max_size=3, unique=True
).map(tuple)
ANSWERS = st.one_of(
    st.builds(Found, ADDRESSES, st.floats(0, 100_000)),
    st.builds(
        Failure,
        st.sampled_from(FailureKind),
        st.just("reason"),
        st.none() | st.floats(0, 100_000),
    ),
)
# Pauses that fall before and after each limit.
PAUSES = st.sampled_from([0.0, 0.5, 2.0, 31.0, 59.0, 61.0, 299.0, 3_599.0, 3_601.0])
HISTORIES = st.lists(st.tuples(PAUSES, ANSWERS), max_size=12)
# An answer, and then only failures: mostly that the name is missing.
OUTAGES = st.tuples(
    st.tuples(PAUSES, st.builds(Found, ADDRESSES, st.just(10.0))).map(
        lambda one: [one]
    ),
    st.lists(
        st.tuples(
            st.sampled_from([0.5, 2.0, 31.0, 59.0, 61.0]),
            st.sampled_from([*[FailureKind.NXDOMAIN] * 3, FailureKind.TIMEOUT]).map(
                lambda kind: Failure(kind, "reason")
            ),
        ),
        max_size=4,
    ),
).map(lambda both: both[0] + both[1])
NONE_OR_SOME = st.just(()) | ADDRESSES


def played(history, declared=(), stored=()):
    """Return the record after ``history``, and the time of its last answer."""
    record, now = NameRecord("a.test", declared, stored=stored), 0.0
    for pause, answer in history:
        now += pause
        record = answered(record, answer, now, LIMITS)
    return record, now


def missing_for(history):
    """Return for how long DNS has said that the name is missing; None if it does not."""
    now, since = 0.0, None
    for pause, answer in history:
        now += pause
        is_missing = isinstance(answer, Failure) and answer.is_missing
        since = (now if since is None else since) if is_missing else None
    return None if since is None else now - since


@given(HISTORIES | OUTAGES, PAUSES)
def test_an_address_that_dns_gave_is_used_until_its_age_or_absence_ends_it(
    history, pause
):
    record, last = played(history)
    found_at = found = None
    at = 0.0
    for wait, answer in history:
        at += wait
        if isinstance(answer, Found):
            found_at, found = at, answer
    now = last + pause
    absent = missing_for(history)
    usable = (
        found is not None
        and now - found_at <= LIMITS.max_stale
        and (absent is None or absent + pause <= GRACE)
    )

    resolution = chosen(record, now, LIMITS)

    assert (resolution is not None) is usable
    if usable:
        assert resolution.addresses == found.addresses


@given(HISTORIES | OUTAGES, NONE_OR_SOME, NONE_OR_SOME, NONE_OR_SOME, PAUSES)
def test_no_address_is_invented_and_the_order_is_kept(
    history, declared, stored, pinned, pause
):
    record, last = played(history, declared, stored)

    found = chosen(record, last + pause, LIMITS, pinned)

    if pinned:
        assert (found.source, found.addresses) == (Source.PIN, pinned)
    elif found is None:
        assert not declared
    else:
        origins = {Source.FALLBACK: [declared]}
        known = [a.addresses for _, a in history if isinstance(a, Found)]
        assert found.addresses in origins.get(found.source, [stored, *known[-1:]])


@given(HISTORIES, ANSWERS)
def test_queries_are_neither_frequent_nor_forgotten(history, answer):
    record, last = played([*history, (0.0, answer)])

    wait = record.next_query_at - last

    assert 0.8 <= wait <= 300
    assert is_due(record, record.next_query_at)
    assert not is_due(record, record.next_query_at - 0.01)


@given(HISTORIES)
def test_an_answer_with_addresses_forgets_every_failure(history):
    record, now = played([*history, (0.0, Found(("10.0.0.1",), 60))])

    assert (record.failure, record.failures, record.missing_since) == (None, 0, None)
    assert chosen(record, now, LIMITS).source is Source.FRESH
