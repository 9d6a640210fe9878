"""Models with versions, as declared and as observed."""

from datetime import UTC, datetime

from controller.core.document.platform import Platform
from controller.core.models.approvals import VersionApproval
from controller.core.models.registration import (
    MODEL_ID_TAG,
    ModelVersion,
    TrainingRun,
)
from controller.kinds.model import KIND
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.state import ModelState

PLATFORM = Platform("hokusai", "local", "123456789012", "us-east-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
CREATED_MS = int(NOW.timestamp() * 1000)


def model_spec(aliases, **fields) -> ModelSpec:
    """Return the declaration of ``model/leads`` with ``aliases``."""
    spec = ModelSpec.model_validate({"aliases": aliases, **fields})
    return KIND.complete("leads", spec, PLATFORM)


def model_version(number: int, *tags: str, created_ms: int = CREATED_MS):
    """Return a version with its run and these tags."""
    return ModelVersion(
        "leads",
        number,
        f"s3://models/{number}",
        f"{number:032x}",
        created_ms=created_ms,
        tags=dict.fromkeys(tags, "yes"),
    )


def model_state(*versions, accuracy=None, tags=None, **fields) -> ModelState:
    """Return ``model/leads`` as observed now.

    Args:
        versions: Its versions.
        accuracy: Metric ``accuracy`` of the run of each version, by number.
        tags: Tags of the model besides its id.
        fields: Other fields of the state.
    """
    runs = {
        f"{number:032x}": TrainingRun(f"{number:032x}", {"accuracy": value}, "")
        for number, value in (accuracy or {}).items()
    }
    return ModelState(
        tags={MODEL_ID_TAG: "leads", **(tags or {})},
        versions=versions,
        version_runs=runs,
        observed_at=NOW,
        **fields,
    )


def approval_of(version: ModelVersion, by: str = "ada") -> VersionApproval:
    """Return a stored approval of ``version``."""
    return VersionApproval(
        version.model, version.number, version.created_ms, by, "It is good.", NOW
    )
