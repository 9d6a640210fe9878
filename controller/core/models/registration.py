"""Identity and selection of model versions.

MLflow has no idempotency key: repeating a creation makes a second version. Each version
that the controller creates therefore carries a hash of the registration as a tag from
its creation on, and a repeated creation first searches for the hash.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite, nan
from typing import Literal

from controller.core.values.identity import content_hash

REGISTRATION_TAG = "hokusai.ai/registration"
MODEL_ID_TAG = "hokusai.ai/model-id"
DUPLICATE_TAG = "hokusai.ai/duplicate-of"
TOKEN_TAG = "hokusai_token_id"  # noqa: S105 - the platform's name for a symbol
METRIC_TAG = "benchmark_metric"
BASELINE_TAG = "benchmark_value"
VALUE_TAG = "hokusai.ai/metric-value"

Direction = Literal["max", "min"]


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """An MLflow run, as far as a selection or a measurement needs it.

    Attributes:
        id: MLflow's run id.
        metrics: Last value of each metric.
        source: URI of the model the run logged; empty if it logged none.
        started_ms: Start, in milliseconds since the epoch.
        is_finished: True if it has ended, so that its metrics stay as they are.
        status: MLflow's status, as in ``FINISHED``.
        user: Person or program that started it; empty if unknown.
        dataset_id: Name or address of its dataset; empty if unknown.
        dataset_hash: Hash of the content of its dataset; empty if unknown.
        code_version: Commit of its code; empty if unknown.
    """

    id: str
    metrics: Mapping[str, float]
    source: str
    started_ms: int = 0
    is_finished: bool = True
    status: str = ""
    user: str = ""
    dataset_id: str = ""
    dataset_hash: str = ""
    code_version: str = ""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model in MLflow.

    Attributes:
        model: MLflow's name of the model.
        number: MLflow's number; may repeat after a model was deleted.
        source: URI of the artifacts.
        run_id: Run that created it; empty if none is known.
        status: MLflow's status; only a ``READY`` version is announced or aliased.
        created_ms: Creation, in milliseconds since the epoch.
        tags: Current tags.
    """

    model: str
    number: int
    source: str
    run_id: str = ""
    status: str = "READY"
    created_ms: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)


def run_of_source(source: str) -> str:
    """Return the run in a ``runs:/RUN/PATH`` URI; empty for other URIs.

    MLflow requires it in addition to the URI; see ``model-versions/create`` in its REST API.
    """
    found = re.match(r"runs:/([0-9a-f]{32})(?:/|$)", source)
    return found[1] if found else ""


def logged_model_of_source(source: str) -> str:
    """Return the logged model in a ``models:/m-…`` URI; empty for other URIs.

    MLflow requires it in addition to the URI; see ``model-versions/create`` in its REST API.
    """
    found = re.match(r"models:/(m-[^/]+)", source)
    return found[1] if found else ""


def registration_hash(model: str, source: str, run_id: str) -> str:
    """Return the identity of one registration: equal for equal content."""
    return content_hash(["registration", model, source, run_id])


def registered(versions: Iterable[ModelVersion], hash_: str) -> ModelVersion | None:
    """Return the lowest version that carries ``hash_``, or None."""
    equal = [v for v in versions if v.tags.get(REGISTRATION_TAG) == hash_]
    return min(equal, key=lambda v: v.number, default=None)


def duplicates(versions: Iterable[ModelVersion]) -> dict[int, int]:
    """Return the lower version that each duplicate of a model repeats, by number."""
    first: dict[str, int] = {}
    repeated: dict[int, int] = {}
    for version in sorted(versions, key=lambda v: v.number):
        hash_ = version.tags.get(REGISTRATION_TAG)
        if hash_ is None:
            continue
        if hash_ in first:
            repeated[version.number] = first[hash_]
        else:
            first[hash_] = version.number
    return repeated


def originals(versions: Iterable[ModelVersion]) -> tuple[ModelVersion, ...]:
    """Return the versions, of any models, that repeat no other one.

    A copy counts as one from its creation on, even before it is tagged.
    """
    by_model: dict[str, list[ModelVersion]] = {}
    for version in versions:
        by_model.setdefault(version.model, []).append(version)
    copies = {model: duplicates(of) for model, of in by_model.items()}
    return tuple(
        version
        for of in by_model.values()
        for version in of
        if DUPLICATE_TAG not in version.tags
        and version.number not in copies[version.model]
    )


def ready_originals(versions: Iterable[ModelVersion]) -> tuple[ModelVersion, ...]:
    """Return the versions, of any models, that are ready and repeat no other one."""
    return tuple(v for v in originals(versions) if v.status == "READY")


def newest_version(versions: Iterable[ModelVersion]) -> ModelVersion | None:
    """Return the newest version of one model that is ready and repeats no other one."""
    return max(ready_originals(versions), key=lambda v: v.number, default=None)


def is_as_good(value: float, limit: float, mode: Direction) -> bool:
    """Return True if ``value`` is finite and at least as good as ``limit``."""
    return isfinite(value) and (value >= limit if mode == "max" else value <= limit)


def best_run(
    runs: Iterable[TrainingRun], metric: str, mode: Direction, minimum: float | None
) -> TrainingRun | None:
    """Return the best run that logged a model, or None if none is good enough.

    ``minimum`` is the worst value accepted: a floor for ``max``, a ceiling for
    ``min``. Of equal runs the oldest wins, so that a repeat changes nothing. A metric
    that is infinite or not a number comes from a failed training and never wins.
    """
    sign = 1 if mode == "max" else -1
    worst = -sign * inf if minimum is None else minimum
    good = [
        run
        for run in runs
        if run.source and is_as_good(run.metrics.get(metric, nan), worst, mode)
    ]
    return min(
        good,
        key=lambda r: (-sign * r.metrics[metric], r.started_ms, r.id),
        default=None,
    )
