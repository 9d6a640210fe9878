"""Tags of a task definition: they stand beside its content, and change without it.

What is declared under ``task.tags`` is registered with each revision, beside our own
tag. API reference, TagResource: a revision's tags can change afterwards, so that no
task is replaced for them. Tags that nobody declares are others'.
"""

from collections.abc import Iterator

from controller.core.resources.plan import Change, Effect
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import Facet
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of

TASK = "task."
TASK_TAGS = "task.tags."


def declared_tags(spec: ServiceSpec) -> dict[str, str]:
    """Return the tags that ``spec`` asks for on its task definition."""
    return tags_of(spec.task)


def tag_words(spec: ServiceSpec) -> frozenset[str]:
    """Return what of it is settled, each tag by itself; see ``released``."""
    return frozenset(TASK_TAGS + key for key in declared_tags(spec))


def tag_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield the declared tags that the revision does not carry as they are declared."""
    live = state.revision_tags
    for key, value in sorted(declared_tags(spec).items()):
        if live.get(key) != value:
            yield Change(TASK_TAGS + key, live.get(key), value, tag_effect(spec))


def tag_effect(spec: ServiceSpec) -> Effect:
    """Return what changing a tag does: tasks may get it when they start."""
    from_revision = spec.service.get("propagateTags") == "TASK_DEFINITION"
    return Effect.LATER if from_revision else Effect.IN_PLACE


def needs_revision(path: str) -> bool:
    """Whether a change at ``path`` is one of a task definition's content."""
    return path.startswith(TASK) and not path.startswith(TASK_TAGS)


def are_asked_for(spec: ServiceSpec, managed: frozenset[str]) -> bool:
    """Whether somebody speaks of these tags, or did when ``spec`` was applied last."""
    spoken = any(word.startswith(TASK_TAGS) for word in managed)
    return spoken or bool(spec.task.get("tags"))


FACET = Facet(tag_changes)
