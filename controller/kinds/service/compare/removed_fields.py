"""Changes that remove fields which are no longer declared.

A field that the document never declared is not managed. A field that it declared
earlier, and no longer does, is removed. A tag on the service records which fields were
declared, so no store is needed to know them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from controller.core.resources.plan import Change
from controller.core.values.identity import MANAGED_TAG
from controller.kinds.service.normalize import canonical_service
from controller.kinds.service.render.revision_tags import (
    TASK_TAGS,
    tag_effect,
    tag_words,
)
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.update_effects import FIELDS, PREFIX
from controller.kinds.service.scaling.changes import SCALING, removed_scaling
from controller.kinds.service.spec.aws_fields import merged
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of

TAGS = "tags."
# Characters that the value of a tag may have; ECS API reference, Tag.
_LONGEST = 256
_NOT_VISIBLE = "(written, not yet visible in ECS)"
# Every service has these fields, declared or not.
_ALWAYS = frozenset({"deploymentConfiguration", "networkConfiguration"})

ROLLOUT = "deploymentConfiguration"
# Prefix of the parts of deploymentConfiguration in the tag, whose length is limited.
ROLLOUT_WORD = "rollout."
_ROLLOUT_PATH = f"{PREFIX}{ROLLOUT}."
# Defaults of these parts in ECS; the rules R49 to R53 name the sources. An update keeps
# a part that it omits (API reference, UpdateService.deploymentConfiguration), so a part
# that is no longer declared is set to its default.
_DEFAULTS: Mapping[str, Any] = {
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
    "alarms": {"alarmNames": [], "enable": False, "rollback": False},
    "lifecycleHooks": [],
    "earlySuccessCriteria": {"enable": False},
}


def managed_words(spec: ServiceSpec) -> frozenset[str]:
    """Return the words for the removable fields that ``spec`` declares."""
    declared = settings(spec)
    tags = {TAGS + tag["key"] for tag in declared.get("tags", ())}
    scaling = {SCALING} if spec.scaling else set()
    own = (declared.keys() - _ALWAYS - {"tags"}) | tags | scaling
    return frozenset(own) | tag_words(spec) | rollout_words(declared)


def managed_tag_value(spec: ServiceSpec) -> str:
    """Return ``managed_words`` as the value of a tag: as many as fit, in order."""
    value = ""
    for word in sorted(managed_words(spec)):
        longer = f"{value} {word}".strip()
        if " " not in word and len(longer) <= _LONGEST:
            value = longer
    return value


def settled_words(tags: Mapping[str, str]) -> frozenset[str] | None:
    """Return the words for the fields that were declared; None if ``tags`` lack them."""
    value = tags.get(MANAGED_TAG)
    return None if value is None else frozenset(value.split())


def removed_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield the removal of each field that was declared earlier and no longer is."""
    words = sorted(state.declared_words - managed_words(spec))
    live = canonical_service(state.settings) if words else {}
    tags = tags_of(state.settings)
    for word in words:
        if word == SCALING:
            yield from removed_scaling(state)
        elif (key := word.removeprefix(TASK_TAGS)) != word:
            if key in state.revision_tags:
                yield Change(word, state.revision_tags[key], None, tag_effect(spec))
        elif (key := word.removeprefix(TAGS)) != word:
            if key in tags or word in state.unseen:
                yield Change(f"{PREFIX}{word}", tags.get(key, _NOT_VISIBLE), None)
        elif word.startswith(ROLLOUT_WORD):
            yield from _removed_rollout_part(word, live)
        elif word in FIELDS and _is_removable(word, live):
            yield Change(f"{PREFIX}{word}", live[word], None, FIELDS[word].effect)
        elif word in FIELDS and word in state.unseen:
            yield Change(f"{PREFIX}{word}", _NOT_VISIBLE, None, FIELDS[word].effect)


def _is_removable(word: str, live: Mapping[str, Any]) -> bool:
    """Return True if a field is set, and not to the value that removes it."""
    removed = FIELDS[word].removed
    if removed is None or word not in live:
        return False
    return bool(live[word] != canonical_service({word: removed}).get(word))


def rollout_words(declared: Mapping[str, Any]) -> frozenset[str]:
    """Return the words for the removable parts of deploymentConfiguration."""
    parts = declared.get(ROLLOUT) or {}
    return frozenset(ROLLOUT_WORD + part for part in _DEFAULTS if part in parts)


def _removed_rollout_part(word: str, live: Mapping[str, Any]) -> Iterator[Change]:
    """Yield the reset of a part of deploymentConfiguration, unless it has its default."""
    part = word.removeprefix(ROLLOUT_WORD)
    if part == word or part not in _DEFAULTS:
        return
    plain = canonical_service({ROLLOUT: {part: _DEFAULTS[part]}})[ROLLOUT]
    before = live[ROLLOUT].get(part)
    if before != plain.get(part):
        yield Change(_ROLLOUT_PATH + part, before, None)


def with_rollout_defaults(
    fields: Mapping[str, Any], changes: Iterable[Change]
) -> dict[str, Any]:
    """Return an update's ``fields`` with the defaults of the removed rollout parts."""
    parts = {
        part: _DEFAULTS[part]
        for change in changes
        if change.after is None
        and (part := change.path.removeprefix(_ROLLOUT_PATH)) in _DEFAULTS
    }
    return merged(fields, {ROLLOUT: parts}) if parts else dict(fields)
