"""Which fields of a service differ, and what changing them does."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.resources.plan import Change, Effect
from controller.core.values.differences import Difference
from controller.core.values.paths import leaves
from controller.core.values.plain_data import copied
from controller.core.values.redact import masked
from controller.kinds.service.cache import Memo
from controller.kinds.service.compare.facets import facet_changes
from controller.kinds.service.compare.removed_fields import released
from controller.kinds.service.images.changes import outdated
from controller.kinds.service.normalize import (
    NameContext,
    Plain,
    canonical_service,
    left_to_others,
    managed_part,
    real_differences,
)
from controller.kinds.service.render.effective import settled
from controller.kinds.service.render.fingerprint import here, wanted
from controller.kinds.service.render.revision_tags import TASK
from controller.kinds.service.render.service import settings, spelled_out
from controller.kinds.service.render.update_effects import FIELDS, PREFIX, field_of
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.retry_requests import again
from controller.kinds.service.state.service import ServiceState


def compare(spec: ServiceSpec, state: ServiceState) -> tuple[Change, ...]:
    """Return every field in which ``state`` is not what ``spec`` asks for."""
    return (
        *_definition(settled(spec, state), state),
        *_settings(spec, state),
        *_count(spec, state),
        *_discovery(spec, state),
        *facet_changes(spec, state),
        *released(spec, state),
        *outdated(spec, state),
        *again(state),
    )


def setting_differences(
    declared: Mapping[str, Any], live: Mapping[str, Any], place: NameContext
) -> Iterator[Difference]:
    """Yield where a service's own fields are not as ``declared`` asks.

    Args:
        declared: Fields of CreateService; those it lacks are left to others.
        live: As DescribeServices answers.
        place: Where short names are looked up.
    """
    whole = spelled_out(copied(dict(declared)))
    asked = tags_by_key(whole)
    after = managed_part(asked, canonical_service(whole))
    yield from _as_asked(asked, after, live, place)


def _settled(spec: ServiceSpec) -> tuple[Plain, Plain]:
    """Return the fields that ``spec`` settles, as declared and in canonical form."""
    asked = tags_by_key(settings(spec))
    return asked, managed_part(asked, canonical_service(settings(spec)))


_asked: Memo[ServiceSpec, tuple[Plain, Plain]] = Memo(_settled)


def _as_asked(
    asked: Plain, after: Plain, live: Mapping[str, Any], place: NameContext
) -> Iterator[Difference]:
    before = managed_part(asked, canonical_service(live))
    for found in real_differences(before, after, place):
        if not left_to_others(found.path, asked, live):
            yield found


def _definition(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    place = here(spec, state)
    for found in real_differences(dict(state.definition), wanted(spec), place):
        for one in _one_by_one(found):
            path = one.path.replace("containerDefinitions", "containers", 1)
            yield _change(TASK + path, one.before, one.after, Effect.RESTART)


def _settings(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    asked, after = _asked(spec)
    for found in _as_asked(asked, after, state.settings, here(spec, state)):
        effect = FIELDS[field_of(found.path)].effect
        yield _change(PREFIX + found.path, found.before, found.after, effect)


def _one_by_one(found: Difference) -> Iterator[Difference]:
    """Yield a line for each variable, when all of them come or go at once.

    A container or a volume that comes or goes is one line: it is one thing.
    """
    match found.before, found.after:
        case (None, dict() as all_) | (dict() as all_, None) if _has_parts(found.path):
            gone = found.after is None
            for path, value in leaves(all_, found.path):
                yield Difference(path, *((value, None) if gone else (None, value)))
        case _:
            yield found


def _has_parts(path: str) -> bool:
    """Whether what is at ``path`` is better told part by part."""
    return path.rpartition(".")[0] not in {"containerDefinitions", "volumes"}


def tags_by_key(declared: Mapping[str, Any]) -> Plain:
    """Return ``declared`` with tags by key: each is settled by itself."""
    tags = {tag["key"]: tag.get("value", "") for tag in declared.get("tags") or ()}
    return {**declared, "tags": tags} if tags else dict(declared)


def _count(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    if spec.desired_count is None or spec.desired_count == state.desired:
        return
    declared = {"desiredCount": spec.desired_count}
    if not left_to_others("desiredCount", declared, state.settings):
        yield Change("desired_count", state.desired, spec.desired_count)


def _discovery(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    if spec.discovery is not None and spec.discovery != state.discovery:
        yield Change("discovery", state.discovery, spec.discovery, Effect.RESTART)


def _change(path: str, before: Any, after: Any, effect: Effect) -> Change:
    """Return the change, with values that look like secrets masked."""
    return Change(path, masked(path, before), masked(path, after), effect)
