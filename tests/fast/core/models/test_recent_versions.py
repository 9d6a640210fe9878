"""News on a page of recent versions, compared with all versions that exist."""

from itertools import product

import pytest

from controller.core.models.recent_versions import RecentVersion, has_news

LIMIT = 4


def version(number: int, updated: int, *, created: int = 0) -> RecentVersion:
    return RecentVersion("leads", number, created or updated, updated)


def page(versions: set[RecentVersion], limit: int = LIMIT) -> tuple[RecentVersion, ...]:
    """Return the page that MLflow would return."""
    ordered = sorted(versions, key=lambda v: (-v.updated_ms, v.number))
    return tuple(ordered[:limit])


OLD = {version(n, n) for n in range(1, 8)}


def test_the_first_page_is_news():
    assert has_news(None, (), LIMIT)


@pytest.mark.parametrize("versions", [set(), {version(1, 1)}, OLD])
def test_an_equal_page_is_no_news(versions):
    assert not has_news(page(versions), page(versions), LIMIT)


@pytest.mark.parametrize("count", [1, LIMIT - 1, LIMIT, LIMIT + 1])
@pytest.mark.parametrize("before", [set(), {version(1, 1)}, OLD])
def test_any_number_of_new_versions_is_news(before, count):
    after = before | {version(10 + n, 10) for n in range(count)}

    assert has_news(page(before), page(after), LIMIT)


def test_a_deleted_version_is_news_and_the_older_one_that_takes_its_place_is_not():
    newest = max(OLD, key=lambda v: v.updated_ms)
    without = OLD - {newest}

    assert has_news(page(OLD), page(without), LIMIT)
    assert not has_news(page(without), page(without), LIMIT)


def test_a_version_that_was_deleted_and_created_again_is_news():
    again = (OLD - {version(7, 7)}) | {version(7, 9)}

    assert has_news(page(OLD), page(again), LIMIT)


def test_a_described_version_is_news():
    described = (OLD - {version(2, 2)}) | {version(2, 9, created=2)}

    assert has_news(page(OLD), page(described), LIMIT)


def test_every_new_version_is_news_whatever_is_deleted_meanwhile():
    cases = 0
    for count, added in product(range(5), range(1, 4)):
        for times in product((1, 2), repeat=count):
            before = {version(n, time) for n, time in enumerate(times)}
            for kept in product((True, False), repeat=count):
                left = {version(n, times[n]) for n in range(count) if kept[n]}
                for late in product((3, 4), repeat=added):
                    new = {version(20 + n, time) for n, time in enumerate(late)}
                    assert has_news(page(before, 2), page(left | new, 2), 2)
                    cases += 1

    assert cases == 4774
