"""What the user asks of a registered model."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from controller.core.document.fields import (
    Description,
    Key,
    Number,
    Section,
    Tags,
    Text,
    fields_set,
    one_of,
    reject,
)
from controller.core.document.platform import Platform
from controller.core.document.resource import ResourceId

# The schemes that MLflow takes without being told to.
SCHEMES = (
    "dbfs",
    "docker",
    "file",
    "gs",
    "mlflow-artifacts",
    "models",
    "oci",
    "runs",
    "s3",
)
_RUN = "[0-9a-f]{32}"

Goal = Literal["max", "min"]
ModelName = Annotated[
    str, Text(r"[^\s/:](?:[^/:\r\n]*[^\s/:])?", "one line of text without / and :", 256)
]
ModelIdentifier = Annotated[
    str,
    Text(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", "letters, digits, . _ -", 128),
]
Metric = Annotated[str, Text(r"[\w./ -]+", "letters, digits, _ . / - and spaces", 250)]
RunId = Annotated[str, Text(_RUN, "the id of an MLflow run: 32 hexadecimal digits", 32)]
Source = Annotated[
    str,
    Text(
        rf"(?:{'|'.join(SCHEMES)}):(?!.*\.\.)\S(?:[^\r\n]*\S)?",
        f"an address that MLflow takes, without ..: one of {', '.join(SCHEMES)}",
        1000,
    ),
]


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) and value.isascii() else value


def _alias_target(value: Any) -> Any:
    if value in ("latest", "latest-passing") and isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        reject("must be a version number, latest or latest-passing")
    return value


TokenSymbol = Annotated[
    str,
    BeforeValidator(_upper),
    Text(
        "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?",
        "letters, digits and -, with a letter or digit at both ends",
        64,
    ),
]
# MLflow keeps `latest` and v1, v2 … for itself.
Alias = Annotated[
    str,
    Text(
        r"(?!latest$|[vV][0-9]+$)[\w-]+",
        "letters, digits, _ and -; MLflow reserves latest, v1, v2 …",
    ),
]
AliasTarget = Annotated[
    Annotated[int, Field(ge=1, le=2**31 - 1)] | Literal["latest", "latest-passing"],
    BeforeValidator(_alias_target),
]


class Benchmark(Section):
    """What a version is measured by."""

    metric: Metric = Field(description="The metric that counts.", examples=["accuracy"])
    baseline: Number = Field(description="The value to reach or pass.", examples=[0.65])
    mode: Goal = Field(
        default="max", description="Whether more (max) or less (min) is better."
    )


class Selection(Section):
    """The best run of an experiment."""

    experiment: Key = Field(
        description="The key of the experiment, as under `experiments`.",
        examples=["lead-scoring"],
    )
    metric: Metric = Field(
        description="The metric to compare runs by.", examples=["accuracy"]
    )
    mode: Goal = Field(
        default="max", description="Whether the highest (max) or lowest (min) wins."
    )
    minimum: Number | None = Field(
        default=None,
        description="The least a run must reach; with `mode: min`, the most.",
        examples=[0.65],
    )


class VersionSpec(Section):
    """One version to register: from an address, or the best run."""

    model_config = ConfigDict(json_schema_extra=one_of("source", "select"))

    source: Source | None = Field(
        default=None,
        description="Where the model's files are.",
        examples=["runs:/0123456789abcdef0123456789abcdef/model"],
    )
    run: RunId | None = Field(
        default=None, description="The run that made it; runs:/ addresses name it."
    )
    select: Selection | None = Field(
        default=None, description="The best run of an experiment, looked for each pass."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if len(fields_set(self, "source", "select")) != 1:
            reject("needs one origin", "write either source or select")
        if self.select and self.run:
            reject("is found by select", "leave it out", "run")
        return self

    @model_validator(mode="after")
    def _run_matches_source(self) -> Self:
        found = re.match(rf"runs:/({_RUN})/", self.source or "")
        if found and self.run not in (None, found[1]):
            reject(f"is not the run of the source, {found[1]}", field="run")
        local = (self.source or "").startswith(("mlflow-artifacts:", "file:"))
        if local and not self.run:
            reject("must name the run whose artifacts these are", field="run")
        return self


class ModelSpec(Section):
    """A registered model, its versions and its aliases."""

    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("name",), ("id",))

    name: ModelName = Field(
        default="",
        description="MLflow's name of the model; the key, unless given.",
        examples=["Sales Lead Scoring"],
    )
    id: ModelIdentifier = Field(
        default="",
        description="The id by which the API and webhooks name the model; the key, "
        "unless given.",
        examples=["27"],
    )
    token_symbol: TokenSymbol | None = Field(
        default=None,
        description="The token that stands for the model; kept in upper case.",
        examples=["LSCOR"],
    )
    description: Description = Field(
        default="", description="What the model does; shown by MLflow."
    )
    tags: Tags = Field(
        default_factory=dict,
        description="Tags of the registered model. Others on it are left alone.",
        examples=[{"team": "growth"}],
    )
    benchmark: Benchmark | None = Field(
        default=None, description="What a version must reach to pass."
    )
    versions: tuple[VersionSpec, ...] = Field(
        default=(),
        description="The versions to register, each exactly once.",
        examples=[[{"select": {"experiment": "lead-scoring", "metric": "accuracy"}}]],
    )
    aliases: dict[Alias, AliasTarget] = Field(
        default_factory=dict,
        description="Names for versions: a number, `latest`, or `latest-passing`: "
        "the highest that reaches the benchmark.",
        examples=[{"production": "latest-passing"}],
    )

    @model_validator(mode="after")
    def _passing_needs_a_benchmark(self) -> Self:
        if self.benchmark is None:
            for alias, target in self.aliases.items():
                if target == "latest-passing":
                    reject(
                        "needs a benchmark to pass",
                        "add benchmark: {metric: …, baseline: …}",
                        f"aliases.{alias}",
                    )
        return self


def references(spec: ModelSpec) -> frozenset[ResourceId]:
    """Return the experiments that versions are selected from."""
    return frozenset(
        ResourceId("experiment", version.select.experiment)
        for version in spec.versions
        if version.select
    )


def complete(name: str, spec: ModelSpec, _platform: Platform) -> ModelSpec:
    """Return ``spec`` with its name and id, which are the key unless given."""
    return spec.model_copy(update={"name": spec.name or name, "id": spec.id or name})
