"""Metadata of model versions: one record for each version in MLflow, of any origin."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Protocol, TypeAlias

from controller.core.models.lineage import (
    BASELINE_ID_TAG,
    CONTRIBUTOR_TAG,
    METRICS_TAG,
    numbers_in,
)
from controller.core.models.measurement import (
    MetricBaseline,
    baseline_metrics,
    measurement,
)
from controller.core.models.model_id import current_id
from controller.core.models.registration import TOKEN_TAG, ModelVersion, TrainingRun
from controller.core.models.registry import RegisteredModel
from controller.core.values.identity import content_hash

# Name of the model, number of the version, and its creation in milliseconds.
VersionKey: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """Facts about one version of a model, derived from MLflow and the document.

    Attributes:
        model: MLflow's name of the model.
        number: MLflow's number of the version; may repeat after a deletion.
        created_ms: Creation, in milliseconds since the epoch.
        model_id: Id of the model on the platform.
        token_symbol: Symbol of the token; empty if there is none.
        baseline_metrics: Value that each metric must reach.
        metrics: Measured values.
        source: URI of the model files.
        run_id: Run that logged them; empty if unknown.
        dataset: ``id`` and ``hash`` of the dataset of the run, as far as recorded.
        code_version: Commit of the code of the run; empty if unknown.
        parent_version: Version that it improves, as ``NAME/VERSION``; empty if none.
        contributor: Address of its contributor; empty if none.
        status: MLflow's status, as in ``READY``.
    """

    model: str
    number: int
    created_ms: int
    model_id: str = ""
    token_symbol: str = ""
    baseline_metrics: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    run_id: str = ""
    dataset: Mapping[str, str] = field(default_factory=dict)
    code_version: str = ""
    parent_version: str = ""
    contributor: str = ""
    status: str = ""

    @property
    def key(self) -> VersionKey:
        """Identity of the version within its registry."""
        return self.model, self.number, self.created_ms

    @property
    def hash(self) -> str:
        """Hash of the content; equal for equal records."""
        return content_hash(asdict(self))


class MetadataRecords(Protocol):
    """Stored metadata of one registry. Raises DriverError."""

    def replace(self, registry: str, current: Iterable[ModelMetadata]) -> int:
        """Store ``current`` as all metadata of ``registry``.

        Writes only what differs, and nothing if nothing differs.

        Returns:
            Number of rows that were written or deleted.
        """
        ...


def metadata_of(
    model: RegisteredModel,
    version: ModelVersion,
    run: TrainingRun | None,
    declared: MetricBaseline | None,
) -> ModelMetadata:
    """Return the metadata of ``version``.

    Args:
        model: Registered model of the version.
        version: Version.
        run: Run of the version; None if it has none or the run is gone.
        declared: Benchmark in the document; None if there is none.
    """
    tags = version.tags
    return ModelMetadata(
        model=version.model,
        number=version.number,
        created_ms=version.created_ms,
        model_id=current_id(model.name, model.tags),
        token_symbol=tags.get(TOKEN_TAG, model.tags.get(TOKEN_TAG, "")),
        baseline_metrics=baseline_metrics(version, model.tags, declared),
        metrics=_metrics(model, version, run, declared),
        source=version.source,
        run_id=version.run_id,
        dataset=_dataset(run),
        code_version=run.code_version if run else "",
        parent_version=tags.get(BASELINE_ID_TAG, ""),
        contributor=tags.get(CONTRIBUTOR_TAG, ""),
        status=version.status,
    )


def _metrics(
    model: RegisteredModel,
    version: ModelVersion,
    run: TrainingRun | None,
    declared: MetricBaseline | None,
) -> dict[str, float]:
    """Return the values of the version's tag, of its run, and the measured value."""
    logged = run.metrics if run else {}
    found = {
        **numbers_in(version.tags.get(METRICS_TAG)),
        **{key: value for key, value in logged.items() if isfinite(value)},
    }
    measured = measurement(version, model.tags, declared, run)
    if measured.benchmark is not None and measured.value is not None:
        found[measured.benchmark.metric] = measured.value
    return found


def _dataset(run: TrainingRun | None) -> dict[str, str]:
    if run is None:
        return {}
    known = {"id": run.dataset_id, "hash": run.dataset_hash}
    return {key: value for key, value in known.items() if value}
