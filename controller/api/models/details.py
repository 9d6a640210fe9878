"""Details of one model: what the store, MLflow and the deliveries know of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from controller.api.models.listing import ModelSummary, VersionSummary
from controller.core.clock import Clock
from controller.core.errors import DriverError
from controller.core.models.input_schema import input_schema
from controller.core.models.metadata import ModelMetadata
from controller.core.models.registration import ModelVersion
from controller.core.models.signature import ModelSignature, Signature
from controller.core.values.ttl_cache import TtlCache
from controller.core.webhooks.event import rfc3339
from controller.core.webhooks.records import DeliveryReport

_PATIENCE_SECONDS = 3.0
# The files of a version stay as they are; the schema of a deleted one is of no use.
_KEPT = timedelta(days=1)
_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Origin of a version; a field is empty if it was not recorded.

    Attributes:
        run_id: Run that logged it.
        dataset: ``id`` and ``hash`` of the dataset.
        code_version: Commit of the code.
        parent_version: Version that it improves, as ``NAME/VERSION``.
        contributor: Address of its contributor.
    """

    run_id: str = ""
    dataset: Mapping[str, str] = field(default_factory=dict)
    code_version: str = ""
    parent_version: str = ""
    contributor: str = ""


@dataclass(frozen=True, slots=True)
class VersionDelivery:
    """Delivery of the registration of a version to one webhook target.

    Attributes:
        target: Name of the target.
        state: ``pending``, ``delivered`` or ``dead``.
        attempts: Number of attempts.
        ended: Time at which it was accepted or given up, in UTC; null before.
    """

    target: str
    state: str
    attempts: int
    ended: str | None


@dataclass(frozen=True, slots=True)
class VersionDetails:
    """One version of a model.

    Attributes:
        summary: As in the list of models.
        baseline_metrics: Value that each metric must reach.
        metrics: Measured values.
        lineage: Origin; null until the controller has recorded it.
        deliveries: Deliveries of its registration, by target.
    """

    summary: VersionSummary
    baseline_metrics: Mapping[str, float]
    metrics: Mapping[str, float]
    lineage: Lineage | None
    deliveries: tuple[VersionDelivery, ...]


@dataclass(frozen=True, slots=True)
class InputDescription:
    """Input of one version.

    Attributes:
        version: Number of the version.
        json_schema: JSON Schema of one row; null if it is not known.
        problem: Reason why it is not known; empty otherwise.
    """

    version: int
    json_schema: Mapping[str, Any] | None
    problem: str = ""


class MetadataSource(Protocol):
    """Metadata of versions, as the last pass recorded it. Raises DriverError."""

    def of_model(self, model: str) -> tuple[ModelMetadata, ...]:
        """Return the metadata of all versions of a model."""
        ...


class DeliverySource(Protocol):
    """Deliveries of the registrations of a model. Raises DriverError."""

    def of_model(self, model: str) -> tuple[DeliveryReport, ...]:
        """Return the deliveries, newest first."""
        ...


class SignatureSource(Protocol):
    """Signatures of versions, from their files in MLflow. Raises DriverError."""

    def signature(self, version: ModelVersion) -> Signature:
        """Return the signature of a version."""
        ...


def version_details(
    model: ModelSummary,
    recorded: Sequence[ModelMetadata],
    deliveries: Sequence[DeliveryReport],
) -> tuple[VersionDetails, ...]:
    """Return the details of all versions of ``model``, the newest first."""
    by_version = {(m.number, rfc3339(m.created_ms)): m for m in recorded}
    found = []
    for version in model.versions:
        record = by_version.get((version.number, version.created_at))
        found.append(
            VersionDetails(
                version,
                record.baseline_metrics if record else {},
                record.metrics if record else {},
                _lineage(record) if record else None,
                tuple(
                    VersionDelivery(
                        d.target,
                        d.state.value,
                        d.attempts,
                        rfc3339(int(d.ended.timestamp() * 1000)) if d.ended else None,
                    )
                    for d in sorted(deliveries, key=lambda d: (d.target, d.id))
                    if d.number == version.number
                ),
            )
        )
    return tuple(found)


class InputSchemas:
    """JSON Schemas of the inputs of versions; each is read once.

    Args:
        signatures: Files of the versions; read in a thread.
        clock: Measures the age of a failure.
        patience: Seconds that an answer may wait for MLflow.
    """

    def __init__(
        self,
        signatures: SignatureSource,
        clock: Clock,
        *,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._signatures = signatures
        self._clock = clock
        self._patience = patience
        self._known: TtlCache[tuple[str, int, str], InputDescription] = TtlCache(_KEPT)
        self._failed: TtlCache[tuple[str, int, str], InputDescription] = TtlCache(
            _AGAIN
        )
        self._reads: dict[tuple[str, int, str], asyncio.Task[InputDescription]] = {}

    async def of(self, model: str, version: VersionSummary) -> InputDescription:
        """Return the input of a version; never raises, never takes long."""
        key = (model, version.number, version.created_at)
        now = self._clock.monotonic()
        known = self._known.get(key, now) or self._failed.get(key, now)
        if known is not None:
            return known
        reading = self._reads.get(key)
        if reading is None:
            reading = asyncio.create_task(self._read(model, version, key))
            self._reads[key] = reading
            reading.add_done_callback(lambda _: self._reads.pop(key, None))
        done, _ = await asyncio.wait({reading}, timeout=self._patience)
        if not done:
            problem = f"MLflow did not respond within {self._patience:g} s"
            return InputDescription(version.number, None, problem)
        return reading.result()

    async def _read(
        self, model: str, version: VersionSummary, key: tuple[str, int, str]
    ) -> InputDescription:
        asked = ModelVersion(model, version.number, version.source or "")
        try:
            signature = await asyncio.to_thread(self._signatures.signature, asked)
        except DriverError as error:
            failed = InputDescription(version.number, None, str(error))
            self._failed.put(key, failed, self._clock.monotonic())
            return failed
        if isinstance(signature, ModelSignature):
            found = InputDescription(version.number, input_schema(signature))
        else:
            found = InputDescription(version.number, None, signature.reason)
        self._known.put(key, found, self._clock.monotonic())
        return found


def _lineage(record: ModelMetadata) -> Lineage:
    return Lineage(
        record.run_id,
        record.dataset,
        record.code_version,
        record.parent_version,
        record.contributor,
    )
