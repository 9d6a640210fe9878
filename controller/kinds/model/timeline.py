"""Steps of a version's timeline that MLflow knows: run, registration, gates, aliases."""

from collections.abc import Iterator
from datetime import UTC, datetime

from controller.core.models.registration import (
    REGISTRATION_TAG,
    ModelVersion,
    TrainingRun,
    duplicates,
)
from controller.core.models.timeline import TimelineStep
from controller.kinds.model.promotion import AliasDecision, alias_decisions
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.state import ModelState
from controller.kinds.model.versions import measured


def timeline_of(
    spec: ModelSpec, state: ModelState, version: ModelVersion
) -> Iterator[TimelineStep]:
    """Yield the steps of ``version`` up to its announcement, oldest first."""
    run = state.version_runs.get(version.run_id)
    if run is not None:
        yield _run(run)
    elif version.run_id:
        yield TimelineStep(None, f"Run {version.run_id} is gone from MLflow.")
    yield _registration(state, version)
    yield _measurement(spec, state, version)
    for decision in alias_decisions(spec, state):
        yield from _alias(decision, state, version)


def _run(run: TrainingRun) -> TimelineStep:
    by = f" by {run.user}" if run.user else ""
    metrics = ", ".join(f"{name} {value:g}" for name, value in run.metrics.items())
    logged = f": {metrics}" if metrics else ", without metrics"
    return TimelineStep(_time(run.started_ms), f"Run {run.id} started{by}{logged}.")


def _registration(state: ModelState, version: ModelVersion) -> TimelineStep:
    is_ours = REGISTRATION_TAG in version.tags
    by = "with a registration hash" if is_ours else "by another program"
    original = duplicates(state.versions).get(version.number)
    copy = f" It repeats version {original} and is not announced." if original else ""
    ready = "" if version.status == "READY" else f" Its status is {version.status}."
    text = (
        f"Version {version.number} registered {by} from {version.source}.{ready}{copy}"
    )
    return TimelineStep(_time(version.created_ms), text)


def _measurement(
    spec: ModelSpec, state: ModelState, version: ModelVersion
) -> TimelineStep:
    found = measured(spec, state, version)
    if found.benchmark is None:
        return TimelineStep(None, "It has no baseline, so it passes no benchmark.")
    name, baseline = found.benchmark.metric, f"{found.benchmark.baseline:g}"
    if found.value is None:
        return TimelineStep(
            None, f"It has no value of {name}; the baseline is {baseline}."
        )
    result = "passes" if found.passes else "does not pass"
    text = f"{name} is {found.value:g}, the baseline is {baseline}: it {result}."
    return TimelineStep(None, f"{text[0].upper()}{text[1:]}")


def _alias(
    decision: AliasDecision, state: ModelState, version: ModelVersion
) -> Iterator[TimelineStep]:
    """Yield what an alias has to do with the version, if anything."""
    alias = decision.alias
    rejected = [one for one in decision.rejected if one.number == version.number]
    if state.aliases.get(alias) == version.number:
        held = " A rollback holds it there." if decision.hold is not None else ""
        yield TimelineStep(None, f"Alias {alias} points to it.{held}")
    elif decision.target == version.number:
        yield TimelineStep(None, f"Alias {alias} moves to it in the next pass.")
    elif rejected:
        yield TimelineStep(None, f"Alias {alias} does not move to it: {rejected[0]}.")


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
