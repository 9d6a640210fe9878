"""Caches of pure functions."""

from datetime import UTC, datetime

import pytest

from controller.kinds.service.cache import cached_by_content


def counted():
    """Return a function by content, and what it was called with."""
    asked = []

    def keys(plain):
        asked.append(plain)
        return sorted(plain)

    return cached_by_content(keys), asked


def test_what_reads_the_same_is_computed_once():
    keys, asked = counted()

    first = keys({"cpu": "256", "at": datetime(2026, 1, 1, tzinfo=UTC)})
    again = keys({"cpu": "256", "at": datetime(2026, 1, 1, tzinfo=UTC)})

    assert first is again
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), ("1", 1), (None, "None"), ([], ())]
)
def test_what_only_compares_the_same_is_not_the_same(one, other):
    keys, asked = counted()

    keys({"value": one})
    keys({"value": other})

    assert asked == [{"value": one}, {"value": other}]
