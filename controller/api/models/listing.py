"""Registered models from MLflow, or its last known ones."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from controller.core.clock import Clock
from controller.core.errors import DriverError, TransientError
from controller.core.models.measurement import baseline_metrics, finite_number
from controller.core.models.model_id import current_id, former_ids
from controller.core.models.registration import (
    TOKEN_TAG,
    VALUE_TAG,
    ModelVersion,
    newest_version,
)
from controller.core.models.registry import RegisteredModel
from controller.core.values.ttl_cache import TtlCache
from controller.core.webhooks.event import rfc3339

_PATIENCE_SECONDS = (10.0, 2.0)
_KEPT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """One version of a model.

    Attributes:
        number: MLflow's.
        status: MLflow's.
        source: URI of the model files; null without the scope ``models:sources``.
        aliases: Names that point to it.
        created_at: In UTC (RFC 3339).
        metric_value: What was measured; null if nothing was.
    """

    number: int
    status: str
    source: str | None
    aliases: tuple[str, ...]
    created_at: str
    metric_value: float | None


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One registered model.

    Attributes:
        model_id: Identifies it on the platform, as in webhooks.
        former_ids: Its ids before a change of ``id`` in the document; they still find it.
        name: MLflow's.
        token_symbol: Of its token; empty if it has none.
        description: Empty if none was given.
        baseline_metrics: The value each metric must reach, by the newest version.
        versions: The newest first.
    """

    model_id: str
    former_ids: tuple[str, ...]
    name: str
    token_symbol: str
    description: str
    baseline_metrics: Mapping[str, float]
    versions: tuple[VersionSummary, ...]


@dataclass(frozen=True, slots=True)
class Models:
    """All models, and how old that is.

    Attributes:
        models: By name.
        age_seconds: Since MLflow said so.
        stale: Whether MLflow did not answer when asked.
        problem: Why it did not.
    """

    models: tuple[ModelSummary, ...]
    age_seconds: float = 0.0
    stale: bool = False
    problem: str = ""


class ModelSource(Protocol):
    """Source of the registered models."""

    async def models(self) -> Models:
        """Return all models. Raises TransientError if no source is available."""
        ...


class ModelRegistryView(Protocol):
    """The part of MLflow's API that this needs."""

    def models(self) -> tuple[RegisteredModel, ...]:
        """Return all registered models."""
        ...

    def versions(self) -> tuple[ModelVersion, ...]:
        """Return all versions of all registered models."""
        ...


class KnownModels:
    """Asks MLflow, not too often, and remembers what it said.

    Args:
        mlflow: Asked in a thread.
        clock: Measures the age of what is known.
        patience: Seconds that an answer may wait for MLflow: while nothing is
            known yet, and once something is.
        kept: Seconds for which MLflow is not asked again.
    """

    def __init__(
        self,
        mlflow: ModelRegistryView,
        clock: Clock,
        *,
        patience: tuple[float, float] = _PATIENCE_SECONDS,
        kept: float = _KEPT_SECONDS,
    ) -> None:
        self._mlflow = mlflow
        self._clock = clock
        self._patience = patience
        self._known = TtlCache[None, tuple[ModelSummary, ...]](timedelta(seconds=kept))
        self._asking: asyncio.Task[None] | None = None

    async def models(self) -> Models:
        """Return all models, as known now or as MLflow last told them.

        Who comes while MLflow is being asked takes that answer: one that hangs
        holds one thread, however many wait for it.
        """
        known = self._age()
        fresh = self._known.get(None, self._clock.monotonic()) is not None
        if known is not None and fresh:
            return known
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(asyncio.to_thread(self._ask))
        asking, seconds = self._asking, self._patience[known is not None]
        await asyncio.wait({asking}, timeout=seconds)
        if not asking.done():
            return self._last_known(f"MLflow did not respond within {seconds:g} s")
        if isinstance(error := asking.exception(), DriverError):
            return self._last_known(str(error))
        asking.result()
        return self._age() or Models(())

    def _ask(self) -> None:
        found = summaries(self._mlflow.models(), self._mlflow.versions())
        self._known.put(None, found, self._clock.monotonic())

    def _age(self) -> Models | None:
        last = self._known.last(None)
        if last is None:
            return None
        age = self._clock.monotonic() - last.at
        return Models(last.value, round(age, 3))

    def _last_known(self, why: str) -> Models:
        known = self._age()
        if known is None:
            msg = f"the models are not known: {why}"
            raise TransientError(msg)
        return Models(known.models, known.age_seconds, stale=True, problem=why)


def summaries(
    models: tuple[RegisteredModel, ...], versions: tuple[ModelVersion, ...]
) -> tuple[ModelSummary, ...]:
    """Return the entries for ``models``, by name."""
    by_model: dict[str, list[ModelVersion]] = {}
    for version in versions:
        by_model.setdefault(version.model, []).append(version)
    return tuple(
        _summary(model, by_model.get(model.name, []))
        for model in sorted(models, key=lambda m: m.name)
    )


def _summary(model: RegisteredModel, versions: list[ModelVersion]) -> ModelSummary:
    aliases: dict[int, list[str]] = {}
    for alias, number in sorted(model.aliases.items()):
        aliases.setdefault(number, []).append(alias)
    newest_first = sorted(versions, key=lambda v: v.number, reverse=True)
    newest = newest_version(versions)
    return ModelSummary(
        model_id=current_id(model.name, model.tags),
        former_ids=former_ids(model.tags),
        name=model.name,
        token_symbol=model.tags.get(TOKEN_TAG, ""),
        description=model.description,
        baseline_metrics=baseline_metrics(newest, model.tags, None) if newest else {},
        versions=tuple(
            VersionSummary(
                number=version.number,
                status=version.status,
                source=version.source,
                aliases=tuple(aliases.get(version.number, ())),
                created_at=rfc3339(version.created_ms),
                metric_value=finite_number(version.tags.get(VALUE_TAG)),
            )
            for version in newest_first
        ),
    )


def with_id(models: tuple[ModelSummary, ...], id_: str) -> tuple[ModelSummary, ...]:
    """Return the models with this id; those that had it before, if none has it now."""
    current = tuple(model for model in models if model.model_id == id_)
    return current or tuple(model for model in models if id_ in model.former_ids)
