"""Health of a model: declared versions and aliases that can be resolved."""

from collections.abc import Iterator
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
    newest_version,
    ready_originals,
    registration_hash,
    run_of_source,
)
from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.resources.kind import HEALTHY, Health, HealthLevel, HoldReason
from controller.core.resources.plan import Change, Hold
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


def alias_target(spec: ModelSpec, target: int | str, state: ModelState) -> int | None:
    """Return the version number of an alias target, or None if none matches."""
    match target:
        case int():
            found = [v for v in state.versions if v.number == target]
        case "latest-passing":
            ready = ready_originals(state.versions)
            found = [v for v in ready if measured(spec, state, v).passes]
        case _:
            found = [*ready_originals(state.versions)]
    return max((v.number for v in found), default=None)


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


def conditions(spec: ModelSpec, state: ModelState) -> tuple[UndatedCondition, ...]:
    """Return the Measured condition: the newest version has a baseline and a value."""
    newest = newest_version(state.versions)
    if newest is None:
        message = "There is no version yet."
        return (UndatedCondition("Measured", Truth.UNKNOWN, "NoVersion", message),)
    found = measured(spec, state, newest)
    if found.benchmark is None:
        message = (
            f"Version {newest.number} has no baseline: declare `benchmark`, or set its "
            f"tags {METRIC_TAG} and {BASELINE_TAG}."
        )
    elif found.value is None:
        message = (
            f"Version {newest.number} has no value of {found.benchmark.metric}: log it "
            f"in its run, or set its tag {VALUE_TAG}."
        )
    else:
        name, baseline = found.benchmark.metric, found.benchmark.baseline
        message = (
            f"Version {newest.number}: {name} {found.value:g}, baseline {baseline:g}."
        )
        return (UndatedCondition("Measured", Truth.TRUE, "Measured", message),)
    return (UndatedCondition("Measured", Truth.FALSE, "MetricsMissing", message),)


def health(spec: ModelSpec, state: ModelState) -> Health:
    """Return healthy if each declared version and alias can be resolved."""
    missing = next(_unresolved(spec, state), None)
    if missing is not None:
        return Health(HealthLevel.DEGRADED, Hold.NO_MATCHING_RUN, missing)
    return HEALTHY


def hold_reason(
    spec: ModelSpec, state: ModelState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return a hold if nothing else differs and a version or alias is unresolved."""
    missing = next(_unresolved(spec, state), None)
    if changes or missing is None:
        return None
    return HoldReason(Hold.NO_MATCHING_RUN, missing)


def _unresolved(spec: ModelSpec, state: ModelState) -> Iterator[str]:
    """Yield a sentence for each version and alias that cannot be resolved."""
    for version in spec.versions:
        if (
            version.select is not None
            and requested_version(spec, version, state) is None
        ):
            yield _nothing_selected(version.select)
    for alias, target in spec.aliases.items():
        if alias_target(spec, target, state) is None:
            yield f"Alias {alias}: no version matches {target}."


def _nothing_selected(select: Selection) -> str:
    bound = "" if select.minimum is None else f" of {select.minimum} or better"
    return (
        f"No finished run of experiment/{select.experiment} has a logged model "
        f"and {select.metric}{bound}."
    )


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
