"""Baseline and measured value of a model version, equal for every registration path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

from controller.core.models.registration import (
    BASELINE_TAG,
    METRIC_TAG,
    VALUE_TAG,
    Direction,
    ModelVersion,
    TrainingRun,
)


@dataclass(frozen=True, slots=True)
class MetricBaseline:
    """The metric and the baseline that versions are measured against.

    Attributes:
        metric: Name of the metric in MLflow.
        baseline: Value that a version must reach.
        mode: ``max`` if a higher value is better.
    """

    metric: str
    baseline: float
    mode: Direction = "max"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A version's benchmark, and its value of that metric.

    Attributes:
        benchmark: MetricBaseline; None if neither the document nor a tag names one.
        value: Measured value; None if there is none.
    """

    benchmark: MetricBaseline | None = None
    value: float | None = None

    @property
    def passes(self) -> bool:
        """True if the measured value is as good as the baseline."""
        if self.benchmark is None or self.value is None:
            return False
        if self.benchmark.mode == "max":
            return self.value >= self.benchmark.baseline
        return self.value <= self.benchmark.baseline


def measurement(
    version: ModelVersion,
    model_tags: Mapping[str, str],
    declared: MetricBaseline | None,
    run: TrainingRun | None,
) -> Measurement:
    """Return the benchmark and the measured value of ``version``.

    The value is the run's last value of the metric, else that in the tag of the
    version. For the benchmark see ``benchmark_of``.

    Args:
        version: Version.
        model_tags: Tags of its registered model.
        declared: MetricBaseline in the document; None if there is none.
        run: Run of the version; None if it has none or the run is gone.
    """
    benchmark = benchmark_of(version, model_tags, declared)
    if benchmark is None:
        return Measurement()
    logged = run.metrics.get(benchmark.metric) if run else None
    if logged is not None and isfinite(logged):
        return Measurement(benchmark, logged)
    return Measurement(benchmark, finite_number(version.tags.get(VALUE_TAG)))


def benchmark_of(
    version: ModelVersion,
    model_tags: Mapping[str, str],
    declared: MetricBaseline | None,
) -> MetricBaseline | None:
    """Return the benchmark of the document, else of the version, else of the model.

    The tags of the version or of the model count only together: a metric and a
    baseline that is a finite number.
    """
    return declared or _tagged(version.tags) or _tagged(model_tags)


def baseline_metrics(
    version: ModelVersion,
    model_tags: Mapping[str, str],
    declared: MetricBaseline | None,
) -> dict[str, float]:
    """Return the baseline of ``version`` by metric; empty without a benchmark."""
    found = benchmark_of(version, model_tags, declared)
    return {found.metric: found.baseline} if found else {}


def run_ids(versions: Iterable[ModelVersion]) -> frozenset[str]:
    """Return the runs of ``versions``."""
    return frozenset(version.run_id for version in versions if version.run_id)


def finite_number(text: str | None) -> float | None:
    """Return the number in a tag; None if it is not finite or not a number."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) else None


def _tagged(tags: Mapping[str, str]) -> MetricBaseline | None:
    metric, baseline = tags.get(METRIC_TAG), finite_number(tags.get(BASELINE_TAG))
    return MetricBaseline(metric, baseline) if metric and baseline is not None else None
