"""Details of an experiment."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import isfinite

from controller.core.models.registration import Direction, TrainingRun
from controller.core.resources.cost import Cost
from controller.core.resources.details import DetailSection, Row
from controller.core.resources.plan import Action, Reason, Verb
from controller.core.values.utc_text import utc_text
from controller.kinds.experiment.spec import ExperimentSpec
from controller.kinds.experiment.state import ExperimentState

SHOWN = 5
RUN = ("run", "started", "status", "user", "metrics")


def details(_spec: ExperimentSpec, state: ExperimentState) -> tuple[DetailSection, ...]:
    """Return the fields and the tags of the experiment."""
    stage = "active" if state.active else "deleted"
    about = (("id", state.id), ("stage", stage), ("artifacts", state.artifact_location))
    tags = tuple(sorted(state.tags.items()))
    return (
        DetailSection("experiment", ("field", "value"), about),
        DetailSection("tags", ("tag", "value"), tags),
    )


def run_rows(runs: Iterable[TrainingRun]) -> Iterator[Row]:
    """Yield one row per run, with its metrics and the user who started it."""
    for run in runs:
        started = datetime.fromtimestamp(run.started_ms / 1000, UTC)
        metrics = ", ".join(f"{k} {v:g}" for k, v in sorted(run.metrics.items()))
        yield run.id, utc_text(started), run.status, run.user, metrics


def best_runs(
    runs: Iterable[TrainingRun], metric: str, mode: Direction
) -> tuple[TrainingRun, ...]:
    """Return the best runs by ``metric``, best first, as a selection compares them."""
    finite = [run for run in runs if isfinite(run.metrics[metric])]
    sign = -1 if mode == "max" else 1
    return tuple(sorted(finite, key=lambda r: sign * r.metrics[metric])[:SHOWN])


def cost(action: Action) -> Cost:
    """Return one call per change, and one for the tag of the applied generation."""
    if action.verb is Verb.CREATE:
        return Cost(1, 0, 1)
    return Cost(len(action.changes) + int(action.reason is not Reason.DRIFTED), 0, 1)
