"""Observed state of a registered model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from controller.core.models.approvals import VersionApproval
from controller.core.models.registration import ModelVersion, TrainingRun
from controller.core.models.signature import Signature

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ModelState:
    """A registered model in MLflow.

    Attributes:
        description: Description.
        tags: All tags, managed or not.
        aliases: Version number by alias.
        versions: All versions.
        runs: Finished runs by experiment key, for selections.
        version_runs: Runs of the versions, by id.
        approvals: Stored approvals of versions, by number.
        signatures: Signatures of versions, by number, as far as a gate needs them.
        observed_at: Time of the observation.
    """

    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions: tuple[ModelVersion, ...] = ()
    runs: Mapping[str, tuple[TrainingRun, ...]] = field(default_factory=dict)
    version_runs: Mapping[str, TrainingRun] = field(default_factory=dict)
    approvals: Mapping[int, VersionApproval] = field(default_factory=dict)
    signatures: Mapping[int, Signature] = field(default_factory=dict)
    observed_at: datetime = _NEVER
