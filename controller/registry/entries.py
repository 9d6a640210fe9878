"""Values that the registry returns to training code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from controller.core.models.lineage import (
    BASELINE_ID_TAG,
    CONTRIBUTOR_TAG,
    METRICS_TAG,
    numbers_in,
)
from controller.core.models.measurement import benchmark_of, finite_number
from controller.core.models.model_id import current_id
from controller.core.models.registration import TOKEN_TAG, VALUE_TAG, ModelVersion

# Tags of a version, as the platform's users know them.
DELTA_TAG = "delta_metrics"
IS_BASELINE_TAG = "is_baseline"
LEGACY_ID_TAG = "model_id"
PROPOSAL_TAG = "hokusai_proposal_identifier"
STATUS_TAG = "hokusai_status"


class RegistryError(Exception):
    """A registration or a query failed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One registered version of a model.

    Attributes:
        model_id: Id of the model on the platform, as in webhooks.
        model_name: MLflow's name of the model.
        version: MLflow's number of the version.
        token_symbol: Symbol of the token, in upper case; empty if there is none.
        baseline_metrics: Value that each metric must reach.
        metrics: Measured values.
        source: URI of the model files.
        run_id: Run that logged them; empty if it is unknown.
        created: Creation of the version, in UTC.
        aliases: Names that point to the version.
        is_baseline: True if it was registered as a baseline.
        baseline_id: Version that it improves, as ``NAME/VERSION``; empty if none.
        delta_metrics: Improvement of each metric over that version.
        contributor: Address of its contributor; empty if none.
        tags: All tags of the version.
    """

    model_id: str
    model_name: str
    version: int
    token_symbol: str = ""
    baseline_metrics: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    run_id: str = ""
    created: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    aliases: tuple[str, ...] = ()
    is_baseline: bool = False
    baseline_id: str = ""
    delta_metrics: Mapping[str, float] = field(default_factory=dict)
    contributor: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Id of the version, as ``NAME/VERSION``."""
        return f"{self.model_name}/{self.version}"


@dataclass(frozen=True, slots=True)
class ModelLineage:
    """The versions from the first baseline to one version.

    Attributes:
        model_id: Id of the model.
        entries: Versions, the oldest first.
        total_improvement: Sum of the improvements of each metric.
    """

    model_id: str
    entries: tuple[ModelEntry, ...]
    total_improvement: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of an experiment.

    Attributes:
        run_id: MLflow's id.
        status: MLflow's status, as in ``FINISHED``.
        started: Start, in UTC.
        user: Person or program that started it; empty if unknown.
        params: Parameters.
        metrics: Last value of each metric.
        source: URI of the model it logged, for a registration; empty if it logged none.
    """

    run_id: str
    status: str
    started: datetime
    user: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    source: str


def entry_of(
    version: ModelVersion, model_tags: Mapping[str, str], aliases: Mapping[str, int]
) -> ModelEntry:
    """Return the entry for ``version`` of a model with these tags and aliases."""
    tags = version.tags
    benchmark = benchmark_of(version, model_tags, None)
    value = finite_number(tags.get(VALUE_TAG))
    metrics = numbers_in(tags.get(METRICS_TAG))
    if benchmark is not None and value is not None:
        metrics = {benchmark.metric: value, **metrics}
    return ModelEntry(
        model_id=current_id(version.model, model_tags),
        model_name=version.model,
        version=version.number,
        token_symbol=tags.get(TOKEN_TAG, model_tags.get(TOKEN_TAG, "")),
        baseline_metrics={benchmark.metric: benchmark.baseline} if benchmark else {},
        metrics=metrics,
        source=version.source,
        run_id=version.run_id,
        created=moment(version.created_ms),
        aliases=tuple(sorted(a for a, n in aliases.items() if n == version.number)),
        is_baseline=tags.get(IS_BASELINE_TAG) == "true",
        baseline_id=tags.get(BASELINE_ID_TAG, ""),
        delta_metrics=numbers_in(tags.get(DELTA_TAG)),
        contributor=tags.get(CONTRIBUTOR_TAG, ""),
        tags=dict(tags),
    )


def moment(milliseconds: int | None) -> datetime:
    """Return a time since the epoch in UTC."""
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC)
