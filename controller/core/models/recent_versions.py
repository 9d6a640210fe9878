"""Detection of registrations from the most recently updated versions.

MLflow updates the time of a version at its creation and when its description or stage
changes, and not when a tag or an alias is set. So a page of recent versions shows new
ones soon, and only a full observation shows everything.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecentVersion:
    """A version on the page of the most recently updated ones.

    Attributes:
        model: MLflow's name of the model.
        number: MLflow's number; repeats after a model was deleted.
        created_ms: Creation, in milliseconds since the epoch.
        updated_ms: Last update, in milliseconds since the epoch.
    """

    model: str
    number: int
    created_ms: int
    updated_ms: int


def has_news(
    before: Collection[RecentVersion] | None,
    after: Collection[RecentVersion],
    limit: int,
) -> bool:
    """Return True if a version was created, updated or deleted between two pages.

    Older versions move up on a page after a deletion, and down after a creation: only
    the part of the time that both pages cover completely is compared. Pages that have
    no version in common are news, because more versions may have been created than a
    page shows.

    Args:
        before: Earlier page; None if there is none, which is news.
        after: Later page.
        limit: Largest number of versions on a page.
    """
    if before is None:
        return True
    if not set(before) & set(after):
        return bool(before or after)
    since = max(_incomplete_until(before, limit), _incomplete_until(after, limit))
    return _since(before, since) != _since(after, since)


def _incomplete_until(page: Collection[RecentVersion], limit: int) -> int:
    """Return the time up to which versions may be missing on ``page``."""
    if len(page) < limit:
        return -1
    return min(version.updated_ms for version in page)


def _since(page: Iterable[RecentVersion], time: int) -> set[RecentVersion]:
    return {version for version in page if version.updated_ms > time}
