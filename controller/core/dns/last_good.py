"""Last good addresses of a host: the time to record another set.

A recorded set is read by processes that cannot ask DNS. A rolling update changes the
answer of DNS several times within minutes, so that a set that still works is kept until
DNS returns the same other set for some time.
"""

from collections.abc import Collection
from datetime import timedelta

STEADY_FOR = timedelta(minutes=2)


def good_addresses(
    current: Collection[str], answering: Collection[str]
) -> tuple[str, ...]:
    """Return the addresses of DNS that accept a connection, sorted."""
    return tuple(sorted({*current} & {*answering}))


def next_recorded(
    recorded: Collection[str],
    good: Collection[str],
    answering: Collection[str],
    steady: timedelta,
) -> tuple[str, ...] | None:
    """Return the set to record in the place of ``recorded``; None to keep it.

    Args:
        recorded: Recorded addresses; empty if there are none.
        good: Addresses of DNS that accept a connection.
        answering: Addresses that accept a connection, in DNS or not.
        steady: Time for which DNS has returned the same set.
    """
    if not good or {*recorded} == {*good}:
        return None
    still_works = not {*recorded}.isdisjoint(answering)
    if still_works and steady < STEADY_FOR:
        return None
    return tuple(sorted(good))
