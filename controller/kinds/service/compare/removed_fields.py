"""What was ours to settle and is not any more: it is removed, not forgotten.

A field that the document never spoke of is others'. One that it spoke of once, and
does not now, was taken out by somebody: which these are stands in a tag on the
service, so that no store is needed to know.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.resources.plan import Change
from controller.core.values.identity import MANAGED_TAG
from controller.kinds.service.compare.removed_settings import (
    WORD,
    released_part,
    rollout_words,
)
from controller.kinds.service.normalize import canonical_service
from controller.kinds.service.render.revision_tags import (
    TASK_TAGS,
    tag_effect,
    tag_words,
)
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.update_effects import FIELDS, PREFIX
from controller.kinds.service.scaling.changes import SCALING, removed_scaling
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of

TAGS = "tags."
# What a tag's value may hold; ECS API reference, Tag.
_LONGEST = 256
_UNSEEN = "(written, and not to be seen yet)"
# A service always has these, whoever settles them.
_ALWAYS = frozenset({"deploymentConfiguration", "networkConfiguration"})


def managed_words(spec: ServiceSpec) -> frozenset[str]:
    """Return what ``spec`` settles of a service and could be without."""
    declared = settings(spec)
    tags = {TAGS + tag["key"] for tag in declared.get("tags", ())}
    scaling = {SCALING} if spec.scaling else set()
    own = (declared.keys() - _ALWAYS - {"tags"}) | tags | scaling
    return frozenset(own) | tag_words(spec) | rollout_words(declared)


def tag_value(spec: ServiceSpec) -> str:
    """Return ``managed_words`` as a tag holds them: as many as fit, in order."""
    value = ""
    for word in sorted(managed_words(spec)):
        longer = f"{value} {word}".strip()
        if " " not in word and len(longer) <= _LONGEST:
            value = longer
    return value


def settled_words(tags: Mapping[str, str]) -> frozenset[str] | None:
    """Return what ``tags`` say that the document settled; None if they do not say."""
    value = tags.get(MANAGED_TAG)
    return None if value is None else frozenset(value.split())


def released(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield what is to be removed because the document does not ask for it any more."""
    words = sorted(state.spoken_of - managed_words(spec))
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
                yield Change(f"{PREFIX}{word}", tags.get(key, _UNSEEN), None)
        elif word.startswith(WORD):
            yield from released_part(word, live)
        elif word in FIELDS and _is_there(word, live):
            yield Change(f"{PREFIX}{word}", live[word], None, FIELDS[word].effect)
        elif word in FIELDS and word in state.unseen:
            yield Change(f"{PREFIX}{word}", _UNSEEN, None, FIELDS[word].effect)


def _is_there(word: str, live: Mapping[str, Any]) -> bool:
    """Whether there is anything of a field that could be taken away."""
    removed = FIELDS[word].removed
    if removed is None or word not in live:
        return False
    return bool(live[word] != canonical_service({word: removed}).get(word))
