"""Differences between a declared and a live service, with the effect of each."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.resources.plan import Change, Effect
from controller.core.values.differences import Difference
from controller.core.values.paths import leaves
from controller.core.values.plain_data import copied
from controller.core.values.redact import masked
from controller.kinds.service.cache import Memo
from controller.kinds.service.compare.facets import facet_changes
from controller.kinds.service.compare.removed_fields import removed_changes
from controller.kinds.service.images.outdated_digests import outdated_changes
from controller.kinds.service.normalize import (
    NameContext,
    Plain,
    canonical_service,
    left_to_others,
    managed_part,
    real_differences,
)
from controller.kinds.service.render.effective import effective_spec
from controller.kinds.service.render.fingerprint import (
    declared_definition,
    name_context,
    runs_declared,
)
from controller.kinds.service.render.revision_tags import TASK
from controller.kinds.service.render.service import settings, spelled_out
from controller.kinds.service.render.update_effects import FIELDS, PREFIX, field_of
from controller.kinds.service.routes.attachment import restores_check
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.retry_requests import retry_changes
from controller.kinds.service.state.service import ServiceState


def compare(spec: ServiceSpec, state: ServiceState) -> tuple[Change, ...]:
    """Return every difference between ``spec`` and ``state``.

    The health check of a rejected revision is taken back first, alone: the hold on the
    revision does not apply to it.
    """
    facets = tuple(facet_changes(spec, state))
    restored = tuple(change for change in facets if restores_check((change,)))
    if restored and not runs_declared(spec, state):
        return restored
    return (
        *_definition(effective_spec(spec, state), state),
        *_settings(spec, state),
        *_count(spec, state),
        *_discovery(spec, state),
        *facets,
        *removed_changes(spec, state),
        *outdated_changes(spec, state),
        *retry_changes(state),
    )


def setting_differences(
    declared: Mapping[str, Any], live: Mapping[str, Any], place: NameContext
) -> Iterator[Difference]:
    """Yield the differences in the fields of the service, without its tasks.

    Args:
        declared: Fields of CreateService; missing fields are not managed.
        live: Service from DescribeServices.
        place: Context in which short names are resolved.
    """
    complete = spelled_out(copied(dict(declared)))
    managed = tags_by_key(complete)
    after = managed_part(managed, canonical_service(complete))
    yield from _setting_differences(managed, after, live, place)


def _managed_fields(spec: ServiceSpec) -> tuple[Plain, Plain]:
    """Return the fields that ``spec`` manages, as declared and in canonical form."""
    managed = tags_by_key(settings(spec))
    return managed, managed_part(managed, canonical_service(settings(spec)))


_managed: Memo[ServiceSpec, tuple[Plain, Plain]] = Memo(_managed_fields)


def _setting_differences(
    managed: Plain, after: Plain, live: Mapping[str, Any], place: NameContext
) -> Iterator[Difference]:
    before = managed_part(managed, canonical_service(live))
    for found in real_differences(before, after, place):
        if not left_to_others(found.path, managed, live):
            yield found


def _definition(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    place = name_context(spec, state)
    for found in real_differences(
        dict(state.definition), declared_definition(spec), place
    ):
        for one in _one_by_one(found):
            path = one.path.replace("containerDefinitions", "containers", 1)
            yield _change(TASK + path, one.before, one.after, Effect.RESTART)


def _settings(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    managed, after = _managed(spec)
    place = name_context(spec, state)
    for found in _setting_differences(managed, after, state.settings, place):
        effect = FIELDS[field_of(found.path)].effect
        yield _change(PREFIX + found.path, found.before, found.after, effect)


def _one_by_one(found: Difference) -> Iterator[Difference]:
    """Split the addition or removal of a mapping into one difference per entry.

    Containers and volumes are not split: each is one difference.
    """
    match found.before, found.after:
        case (None, dict() as all_) | (dict() as all_, None) if _has_parts(found.path):
            removed = found.after is None
            for path, value in leaves(all_, found.path):
                yield Difference(path, *((value, None) if removed else (None, value)))
        case _:
            yield found


def _has_parts(path: str) -> bool:
    """Return True unless ``path`` is a whole container or volume."""
    return path.rpartition(".")[0] not in {"containerDefinitions", "volumes"}


def tags_by_key(declared: Mapping[str, Any]) -> Plain:
    """Return ``declared`` with tags by key, since each tag is managed separately."""
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
