"""Tags of a task definition, which are not part of its content.

The declared ``task.tags`` are registered with each revision, in addition to the
controller's tag. API reference, TagResource: the tags of a revision can be changed, so
no task is replaced for them. Tags that are not declared are not managed.
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
    """Return the declared tags of the task definition."""
    return tags_of(spec.task)


def tag_words(spec: ServiceSpec) -> frozenset[str]:
    """Return the word for each declared tag; see ``compare.removed_fields``."""
    return frozenset(TASK_TAGS + key for key in declared_tags(spec))


def tag_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield the declared tags that differ from the revision's tags."""
    live = state.revision_tags
    for key, value in sorted(declared_tags(spec).items()):
        if live.get(key) != value:
            yield Change(TASK_TAGS + key, live.get(key), value, tag_effect(spec))


def tag_effect(spec: ServiceSpec) -> Effect:
    """Return the effect of a changed tag: tasks may inherit it when they start."""
    from_revision = spec.service.get("propagateTags") == "TASK_DEFINITION"
    return Effect.LATER if from_revision else Effect.IN_PLACE


def needs_revision(path: str) -> bool:
    """Return True if a change at ``path`` is in the content of a task definition."""
    return path.startswith(TASK) and not path.startswith(TASK_TAGS)


def are_managed(spec: ServiceSpec, managed: frozenset[str]) -> bool:
    """Return True if these tags are declared, or were when last applied."""
    were_declared = any(word.startswith(TASK_TAGS) for word in managed)
    return were_declared or bool(spec.task.get("tags"))


FACET = Facet(tag_changes)
