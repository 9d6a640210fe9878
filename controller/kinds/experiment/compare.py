"""Differences between a declared and a live experiment."""

from collections.abc import Iterator

from controller.core.models.managed import managed_words
from controller.core.resources.plan import Change
from controller.kinds.experiment.spec import ExperimentSpec
from controller.kinds.experiment.state import ExperimentState

# MLflow keeps an experiment's description in this tag.
DESCRIPTION_TAG = "mlflow.note.content"


def compare(spec: ExperimentSpec, state: ExperimentState) -> tuple[Change, ...]:
    """Return every field of ``spec`` that ``state`` does not match."""
    return tuple(_changes(spec, state))


def declared_tags(spec: ExperimentSpec) -> dict[str, str]:
    """Return the tags that ``spec`` declares, including the description."""
    description = {DESCRIPTION_TAG: spec.description} if spec.description else {}
    return {**spec.tags, **description}


def declared_words(spec: ExperimentSpec) -> frozenset[str]:
    """Return the paths of the removable fields that ``spec`` declares."""
    return frozenset(f"tags.{key}" for key in declared_tags(spec))


def removed_tags(spec: ExperimentSpec, state: ExperimentState) -> Iterator[Change]:
    """Yield the tags that were declared earlier, no longer are, and still exist."""
    for word in sorted(managed_words(state.tags) - declared_words(spec)):
        value = state.tags.get(word.removeprefix("tags."))
        if value is not None:
            yield Change(word, value, None)


def _changes(spec: ExperimentSpec, state: ExperimentState) -> Iterator[Change]:
    if not state.active:
        yield Change("lifecycle_stage", "deleted", "active")
    for key, value in declared_tags(spec).items():
        if state.tags.get(key) != value:
            yield Change(f"tags.{key}", state.tags.get(key), value)
    yield from removed_tags(spec, state)
    location = spec.artifact_location
    if location is not None and location != state.artifact_location:
        yield Change("artifact_location", state.artifact_location, location)
