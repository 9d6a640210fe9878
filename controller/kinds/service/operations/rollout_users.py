"""Attribution of rollouts to the requested operations that the service's tags record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from controller.core.resources.plan import Verb
from controller.core.resources.rollouts import RolloutRecord
from controller.core.status.interventions import intervention_text
from controller.kinds.service.operations.requests import UNKNOWN_USER, tag_time
from controller.kinds.service.state.retry_requests import id_of
from controller.kinds.service.tags import ServiceTags

# Maximum time from a restart request to its rollout. A request that was recorded and
# not carried out must not explain a later rollout.
_SOON = timedelta(hours=1)

Tags = Mapping[str, str]


def with_users(
    rolled: Sequence[RolloutRecord], tags: ServiceTags, targets: Mapping[str, str]
) -> tuple[RolloutRecord, ...]:
    """Return ``rolled`` with the user of the last rollback, retry and restart.

    Args:
        rolled: Rollouts, the newest first, with the revision on hold marked.
        tags: Tags of the service.
        targets: Service revision of each rollout, by the rollout's id.
    """
    interventions = {
        **dict(_rolled_back(rolled, tags)),
        **dict(_retried(rolled, tags, targets)),
        **dict(_restarted(rolled, tags, targets)),
    }
    return tuple(
        replace(one, intervention=interventions.get(one.id, "")) for one in rolled
    )


def _restarted(
    rolled: Sequence[RolloutRecord], tags: ServiceTags, targets: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the rollout after the deployment that was restarted."""
    before = id_of(tags.restarted_after or "")
    at = tag_time(tags.restarted or "")
    if not before or at is None:
        return
    _, newer = _after(rolled, lambda one: id_of(targets.get(one.id, "")) == before)
    if newer is not None and newer.began is not None and newer.began - at <= _SOON:
        yield (
            newer.id,
            intervention_text(Verb.RESTART, tags.restarted_by or UNKNOWN_USER),
        )


def _retried(
    rolled: Sequence[RolloutRecord], tags: ServiceTags, targets: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the rollout after the retried one, if it has the same revision."""
    failed = tags.retried
    if not failed:
        return
    one, newer = _after(
        rolled, lambda one: failed in (id_of(one.id), id_of(targets.get(one.id, "")))
    )
    if one is not None and newer is not None and one.revision == newer.revision:
        yield newer.id, intervention_text(Verb.RETRY, tags.retried_by or UNKNOWN_USER)


def _rolled_back(
    rolled: Sequence[RolloutRecord], tags: ServiceTags
) -> Iterator[tuple[str, str]]:
    """Yield the rollout after the revision on hold."""
    _, newer = _after(rolled, lambda one: bool(one.set_aside))
    if newer is not None:
        yield (
            newer.id,
            intervention_text(Verb.ROLL_BACK, tags.set_aside_by or UNKNOWN_USER),
        )


def _after(
    rolled: Sequence[RolloutRecord], matches: Callable[[RolloutRecord], bool]
) -> tuple[RolloutRecord | None, RolloutRecord | None]:
    """Return the newest rollout that ``matches``, and the rollout that followed it."""
    newer = None
    for one in rolled:
        if matches(one):
            return one, newer
        newer = one
    return None, None
