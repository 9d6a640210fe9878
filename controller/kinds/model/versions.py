"""Versions that a model declares, and their measured values."""

from dataclasses import dataclass
from math import isfinite

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
    best_run,
    registration_hash,
    run_of_source,
)
from controller.kinds.model.spec import ModelSpec, VersionSpec
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
    run = best_run(
        state.runs.get(select.experiment, ()),
        select.metric,
        select.mode,
        select.minimum,
    )
    if run is None:
        return None
    metric = spec.benchmark.metric if spec.benchmark else select.metric
    value = run.metrics.get(metric)
    return _registration(spec, state, (run.source, run.id), value)


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
