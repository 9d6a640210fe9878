"""Versions that a model declares, and their measured values."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan

from controller.core.models.measurement import (
    Measurement,
    MetricBaseline,
    measurement,
)
from controller.core.models.model_id import current_id
from controller.core.models.registration import (
    BASELINE_TAG,
    METRIC_TAG,
    MODEL_ID_TAG,
    REGISTRATION_TAG,
    TOKEN_TAG,
    VALUE_TAG,
    ModelVersion,
    TrainingRun,
    best_run,
    is_as_good,
    ready_originals,
    registration_hash,
    run_of_source,
)
from controller.kinds.model.spec import ModelSpec, Selection, VersionSpec
from controller.kinds.model.state import ModelState


@dataclass(frozen=True, slots=True)
class RequestedVersion:
    """One version to register, with all that its creation needs.

    Attributes:
        source: URI of the artifacts.
        run_id: Run that logged them; empty if unknown.
        hash: Registration hash, set as a tag in the create call.
        tags: All tags of the create call, including the hash.
    """

    source: str
    run_id: str
    hash: str
    tags: dict[str, str]


def model_tags(spec: ModelSpec) -> dict[str, str]:
    """Return the tags that ``spec`` declares for the registered model."""
    token = {TOKEN_TAG: spec.token_symbol} if spec.token_symbol else {}
    return {**spec.tags, **token}


def model_id(spec: ModelSpec, state: ModelState) -> str:
    """Return the id of the model: declared, else the one that it has already."""
    return spec.id if spec.declares_id else current_id(spec.name, state.tags)


def requested_version(
    spec: ModelSpec, version: VersionSpec, state: ModelState
) -> RequestedVersion | None:
    """Return the version to register, or None if no run qualifies."""
    if version.select is None:
        source = version.source or ""
        run_id = version.run or run_of_source(source)
        return _registration(spec, state, (source, run_id), None)
    select = version.select
    run = _selected_run(spec, select, state)
    if run is None:
        return None
    metric = spec.benchmark.metric if spec.benchmark else select.metric
    value = run.metrics.get(metric)
    return _registration(spec, state, (run.source, run.id), value)


def selection_limit(
    spec: ModelSpec, select: Selection, state: ModelState
) -> float | None:
    """Return the worst value that a run may have to be registered; None for any."""
    limits = [select.minimum, _improved(spec, select, state)]
    given = [limit for limit in limits if limit is not None]
    choose = max if select.mode == "max" else min
    return choose(given, default=None)


def _improved(spec: ModelSpec, select: Selection, state: ModelState) -> float | None:
    """Return the value that improves enough; None if there is nothing to improve on."""
    least = select.minimum_improvement
    if least is None:
        return None
    if select.over == "baseline":
        before = spec.benchmark.baseline if spec.benchmark else None
    else:
        before = _current_value(spec, select.metric, state)
    if before is None:
        return None
    wanted = before + least if select.mode == "max" else before - least
    # 0.8 + 0.05 is 0.8500000000000001, and a run with 0.85 improves by 0.05.
    return float(f"{wanted:.12g}")


def _current_value(spec: ModelSpec, metric: str, state: ModelState) -> float | None:
    """Return the value of the newest ready version that has one."""
    newest_first = sorted(ready_originals(state.versions), key=lambda v: -v.number)
    for version in newest_first:
        value = version_metrics(spec, state, version).get(metric)
        if value is not None and isfinite(value):
            return value
    return None


def version_metrics(
    spec: ModelSpec, state: ModelState, version: ModelVersion
) -> Mapping[str, float]:
    """Return the metrics of the run of ``version``, and its measured value."""
    found = measured(spec, state, version)
    run = state.version_runs.get(version.run_id)
    logged = run.metrics if run is not None else {}
    if found.benchmark is None or found.value is None:
        return logged
    return {found.benchmark.metric: found.value, **logged}


def _selected_run(
    spec: ModelSpec, select: Selection, state: ModelState
) -> TrainingRun | None:
    """Return the best run that qualifies.

    A registered run need not improve on the current version, which may be its own.
    """
    runs = state.runs.get(select.experiment, ())
    metric, mode = select.metric, select.mode
    if select.over != "current":
        return best_run(runs, metric, mode, selection_limit(spec, select, state))
    known = {version.tags.get(REGISTRATION_TAG) for version in state.versions}
    improved = _improved(spec, select, state)
    qualified = (
        run
        for run in runs
        if improved is None
        or is_as_good(run.metrics.get(metric, nan), improved, mode)
        or registration_hash(spec.name, run.source, run.id) in known
    )
    return best_run(qualified, metric, mode, select.minimum)


def measured(spec: ModelSpec, state: ModelState, version: ModelVersion) -> Measurement:
    """Return the benchmark and the measured value of ``version``."""
    run = state.version_runs.get(version.run_id)
    return measurement(version, state.tags, declared_benchmark(spec), run)


def declared_benchmark(spec: ModelSpec) -> MetricBaseline | None:
    """Return the benchmark in the document; None if there is none."""
    if spec.benchmark is None:
        return None
    found = spec.benchmark
    return MetricBaseline(found.metric, found.baseline, found.mode)


def _registration(
    spec: ModelSpec, state: ModelState, origin: tuple[str, str], value: float | None
) -> RequestedVersion:
    source, run_id = origin
    hash_ = registration_hash(spec.name, source, run_id)
    tags = {REGISTRATION_TAG: hash_, MODEL_ID_TAG: model_id(spec, state)}
    if spec.token_symbol:
        tags[TOKEN_TAG] = spec.token_symbol
    if spec.benchmark is not None:
        tags[METRIC_TAG] = spec.benchmark.metric
        tags[BASELINE_TAG] = str(spec.benchmark.baseline)
    if value is not None and isfinite(value):
        tags[VALUE_TAG] = str(value)
    return RequestedVersion(source, run_id, hash_, tags)
