"""Differences between a declared and a live experiment."""

from collections.abc import Iterator

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


def _changes(spec: ExperimentSpec, state: ExperimentState) -> Iterator[Change]:
    if not state.active:
        yield Change("lifecycle_stage", "deleted", "active")
    for key, value in declared_tags(spec).items():
        if state.tags.get(key) != value:
            yield Change(f"tags.{key}", state.tags.get(key), value)
    location = spec.artifact_location
    if location is not None and location != state.artifact_location:
        yield Change("artifact_location", state.artifact_location, location)
