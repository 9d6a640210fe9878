"""Which rollout came of what a person asked for last, as the service's tags tell it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from controller.core.resources.plan import Verb
from controller.core.resources.rollouts import RolloutRecord
from controller.core.status.interventions import intervention_text
from controller.kinds.service.operations.requests import (
    moment_in,
)
from controller.kinds.service.state.retry_requests import id_of
from controller.kinds.service.tags import ServiceTags

# A restart that somebody died of before it was asked for explains nothing later.
_SOON = timedelta(hours=1)

Tags = Mapping[str, str]


def with_tags(
    rolled: Sequence[RolloutRecord], tags: ServiceTags, targets: Mapping[str, str]
) -> tuple[RolloutRecord, ...]:
    """Return ``rolled`` with who asked for the last of each kind by hand.

    Args:
        rolled: The rollouts, the newest first; with what was set aside.
        tags: Of the service.
        targets: The service revision of each rollout, by its id.
    """
    asked = {
        **dict(_put_back(rolled, tags)),
        **dict(_retried(rolled, tags, targets)),
        **dict(_restarted(rolled, tags, targets)),
    }
    return tuple(replace(one, intervention=asked.get(one.id, "")) for one in rolled)


def _restarted(
    rolled: Sequence[RolloutRecord], tags: ServiceTags, targets: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the rollout right after what was to be restarted."""
    before = id_of(tags.restarted_after or "")
    at = moment_in(tags.restarted or "")
    if not before or at is None:
        return
    _, newer = _after(rolled, lambda one: id_of(targets.get(one.id, "")) == before)
    if newer is not None and newer.began is not None and newer.began - at <= _SOON:
        yield newer.id, intervention_text(Verb.RESTART, tags.restarted_by or "somebody")


def _retried(
    rolled: Sequence[RolloutRecord], tags: ServiceTags, targets: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the rollout right after the forgiven one, if it is of the same revision."""
    failed = tags.retried
    if not failed:
        return
    one, newer = _after(
        rolled, lambda one: failed in (id_of(one.id), id_of(targets.get(one.id, "")))
    )
    if one is not None and newer is not None and one.revision == newer.revision:
        yield newer.id, intervention_text(Verb.RETRY, tags.retried_by or "somebody")


def _put_back(
    rolled: Sequence[RolloutRecord], tags: ServiceTags
) -> Iterator[tuple[str, str]]:
    """Yield the rollout right after what was set aside."""
    _, newer = _after(rolled, lambda one: bool(one.set_aside))
    if newer is not None:
        yield (
            newer.id,
            intervention_text(Verb.ROLL_BACK, tags.set_aside_by or "somebody"),
        )


def _after(
    rolled: Sequence[RolloutRecord], is_it: Callable[[RolloutRecord], bool]
) -> tuple[RolloutRecord | None, RolloutRecord | None]:
    """Return the newest rollout that ``is_it``, and the one that came after it."""
    newer = None
    for one in rolled:
        if is_it(one):
            return one, newer
        newer = one
    return None, None
