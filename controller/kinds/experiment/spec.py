"""Declaration of an experiment."""

from typing import Annotated, ClassVar

from pydantic import Field

from controller.core.document.fields import Description, Section, Tags, Text
from controller.core.document.platform import Platform
from controller.core.resources.kind import no_references

# MLflow refuses ? and # in a location, and cannot change it.
Location = Annotated[str, Text(r"[^?#\s]+", "a location without ?, # or spaces", 1000)]
ExperimentName = Annotated[
    str,
    Text(r"[^\s\x00-\x1f](?:[^\x00-\x1f]*[^\s\x00-\x1f])?", "one line of text", 256),
]


class ExperimentSpec(Section):
    """An MLflow experiment, which records training runs."""

    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("name",),)

    name: ExperimentName = Field(
        default="",
        description="Name of the experiment in MLflow. Default: the key.",
        examples=["Lead Scoring"],
    )
    description: Description = Field(
        default="", description="Description of the experiment, shown in MLflow."
    )
    tags: Tags = Field(
        default_factory=dict,
        description="Tags of the experiment. Other tags are not changed.",
        examples=[{"team": "growth"}],
    )
    artifact_location: Location | None = Field(
        default=None,
        description="Location of the artifacts. Default: as MLflow chooses. It cannot be "
        "changed once the experiment exists.",
        examples=["s3://hokusai-mlflow-artifacts-development/lead-scoring"],
    )


references = no_references


def complete(name: str, spec: ExperimentSpec, _platform: Platform) -> ExperimentSpec:
    """Return ``spec`` with its name; the key is the default."""
    return spec.model_copy(update={"name": spec.name or name})
