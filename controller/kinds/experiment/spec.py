"""What the user asks of an experiment."""

from typing import Annotated, ClassVar

from pydantic import Field

from controller.core.document.fields import Description, Section, Tags, Text
from controller.core.document.platform import Platform
from controller.core.resources.kind import no_references

# MLflow refuses ? and # in a location, and never lets it change.
Location = Annotated[str, Text(r"[^?#\s]+", "a location without ?, # or spaces", 1000)]
ExperimentName = Annotated[
    str,
    Text(r"[^\s\x00-\x1f](?:[^\x00-\x1f]*[^\s\x00-\x1f])?", "one line of text", 256),
]


class ExperimentSpec(Section):
    """An MLflow experiment: where training runs are recorded."""

    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("name",),)

    name: ExperimentName = Field(
        default="",
        description="MLflow's name of the experiment; the key, unless given.",
        examples=["Lead Scoring"],
    )
    description: Description = Field(
        default="", description="What the experiment is about; shown by MLflow."
    )
    tags: Tags = Field(
        default_factory=dict,
        description="Tags of the experiment. Others on it are left alone.",
        examples=[{"team": "growth"}],
    )
    artifact_location: Location | None = Field(
        default=None,
        description="Where artifacts are kept; MLflow's default unless given. "
        "It cannot change once the experiment exists.",
        examples=["s3://hokusai-mlflow-artifacts-development/lead-scoring"],
    )


references = no_references


def complete(name: str, spec: ExperimentSpec, _platform: Platform) -> ExperimentSpec:
    """Return ``spec`` with MLflow's name, which is the key unless given."""
    return spec.model_copy(update={"name": spec.name or name})
