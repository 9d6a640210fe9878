"""Declaration of a registered model."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from controller.core.document.fields import (
    Description,
    Key,
    Mistake,
    Number,
    Section,
    Tags,
    Text,
    fields_set,
    one_of,
    reject,
    reject_all,
)
from controller.core.document.platform import Platform
from controller.core.document.resource import ResourceId
from controller.core.models.tokens import (
    LONGEST_SYMBOL,
    SYMBOL_CHARACTERS,
    SYMBOL_PATTERN,
)
from controller.kinds.model.alias_policy import (
    Alias,
    AliasPolicy,
    AliasTarget,
    Metric,
    choice_of,
)

# The schemes that MLflow accepts without configuration.
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
_IMPROVEMENT = "minimum_improvement"

Goal = Literal["max", "min"]
ModelName = Annotated[
    str, Text(r"[^\s/:](?:[^/:\r\n]*[^\s/:])?", "one line of text without / and :", 256)
]
ModelIdentifier = Annotated[
    str,
    Text(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", "letters, digits, . _ -", 128),
]
RunId = Annotated[str, Text(_RUN, "the id of an MLflow run: 32 hexadecimal digits", 32)]
Source = Annotated[
    str,
    Text(
        rf"(?:{'|'.join(SCHEMES)}):(?!.*\.\.)\S(?:[^\r\n]*\S)?",
        f"a URI that MLflow accepts, without ..: one of {', '.join(SCHEMES)}",
        1000,
    ),
]


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) and value.isascii() else value


def _is_undeclared(value: Any) -> bool:
    return value is None


TokenSymbol = Annotated[
    str,
    BeforeValidator(_upper),
    Text(SYMBOL_PATTERN, SYMBOL_CHARACTERS, LONGEST_SYMBOL),
]


class Benchmark(Section):
    """The metric and the baseline that versions are measured against."""

    metric: Metric = Field(
        description="The metric that is compared.", examples=["accuracy"]
    )
    baseline: Number = Field(
        description="The value that a version must reach.", examples=[0.65]
    )
    mode: Goal = Field(
        default="max",
        description="`max` if a higher value is better, `min` if a lower one is.",
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
        default="max", description="`max` selects the highest value, `min` the lowest."
    )
    minimum: Number | None = Field(
        default=None,
        description="The minimum value of a run; with `mode: min`, the maximum.",
        examples=[0.65],
    )
    # Left out of the generation if they are not declared: a program that knows more
    # fields computes the same generation.
    minimum_improvement: Number | None = Field(
        default=None,
        exclude_if=_is_undeclared,
        description="The least improvement of a run over the value that `over` names. A run "
        "that is registered already needs none.",
        examples=[0.01],
    )
    over: Literal["baseline", "current"] | None = Field(
        default=None,
        exclude_if=_is_undeclared,
        description="`baseline`: the baseline of the benchmark. `current`: the value of the "
        "newest version that has one.",
    )

    @model_validator(mode="after")
    def _improvement_is_complete(self) -> Self:
        least = self.minimum_improvement
        if least is None and self.over is not None:
            reject(
                "has no effect without minimum_improvement",
                "add minimum_improvement: 0.01",
                "over",
            )
        if least is not None and self.over is None:
            reject("is incomplete: over is required", "add over: current", _IMPROVEMENT)
        if least is not None and least < 0:
            reject("must not be negative", "write 0 or more", _IMPROVEMENT)
        return self


class VersionSpec(Section):
    """One version to register: from a URI, or from the best run of an experiment."""

    model_config = ConfigDict(json_schema_extra=one_of("source", "select"))

    source: Source | None = Field(
        default=None,
        description="URI of the model files.",
        examples=["runs:/0123456789abcdef0123456789abcdef/model"],
    )
    run: RunId | None = Field(
        default=None,
        description="The run that logged the model; a runs:/ URI contains it.",
    )
    select: Selection | None = Field(
        default=None,
        description="The best run of an experiment, selected in each pass.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if len(fields_set(self, "source", "select")) != 1:
            reject("needs a source or a selection", "write either source or select")
        if self.select and self.run:
            reject("conflicts with select, which finds the run", "remove it", "run")
        return self

    @model_validator(mode="after")
    def _run_matches_source(self) -> Self:
        found = re.match(rf"runs:/({_RUN})/", self.source or "")
        if found and self.run not in (None, found[1]):
            reject(f"is not the run in source, {found[1]}", field="run")
        local = (self.source or "").startswith(("mlflow-artifacts:", "file:"))
        if local and not self.run:
            reject("is required for this source: the run of the artifacts", field="run")
        return self


class ModelSpec(Section):
    """A registered model, its versions and its aliases."""

    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("name",), ("id",))

    name: ModelName = Field(
        default="",
        description="Name of the model in MLflow. Default: the key.",
        examples=["Sales Lead Scoring"],
    )
    id: ModelIdentifier = Field(
        default="",
        description="Id of the model in the API and in webhooks. Default: the key; for a "
        "model that is adopted, the id that it has already.",
        examples=["27"],
    )
    token_symbol: TokenSymbol | None = Field(
        default=None,
        description="Symbol of the model's token; stored in upper case.",
        examples=["LSCOR"],
    )
    description: Description = Field(
        default="", description="Description of the model, shown in MLflow."
    )
    tags: Tags = Field(
        default_factory=dict,
        description="Tags of the registered model. Other tags are not changed.",
        examples=[{"team": "growth"}],
    )
    benchmark: Benchmark | None = Field(
        default=None, description="The benchmark that `latest-passing` refers to."
    )
    versions: tuple[VersionSpec, ...] = Field(
        default=(),
        description="The versions to register, each exactly once.",
        examples=[[{"select": {"experiment": "lead-scoring", "metric": "accuracy"}}]],
    )
    aliases: dict[Alias, AliasTarget] = Field(
        default_factory=dict,
        description="Aliases of versions: a version number, `latest`, `latest-passing` "
        "(the highest version that reaches the benchmark), or a policy with gates.",
        examples=[
            {"production": "latest-passing"},
            {"production": {"policy": "latest", "gates": {"approval": "required"}}},
        ],
    )

    _declares_id: bool = PrivateAttr(default=False)
    _key: str = PrivateAttr(default="")

    @property
    def key(self) -> str:
        """Key of the entry in the document."""
        return self._key

    @property
    def declares_id(self) -> bool:
        """True if the document contains the id; False if it is the default."""
        return self._declares_id

    @model_validator(mode="after")
    def _passing_needs_a_benchmark(self) -> Self:
        for alias, target in self.aliases.items():
            if self.benchmark is None and choice_of(target) == "latest-passing":
                below = ".policy" if isinstance(target, AliasPolicy) else ""
                reject(
                    "needs a benchmark to pass",
                    "add benchmark: {metric: …, baseline: …}",
                    f"aliases.{alias}{below}",
                )
        return self

    @model_validator(mode="after")
    def _improvement_has_a_baseline(self) -> Self:
        found = self.benchmark
        for number, version in enumerate(self.versions):
            select = version.select
            if select is None or select.over != "baseline":
                continue
            measured = (select.metric, select.mode)
            if found is None or (found.metric, found.mode) != measured:
                reject(
                    f"needs a benchmark of {select.metric} with mode {select.mode}",
                    "declare it, or write over: current",
                    f"versions.{number}.select.over",
                )
        return self

    @model_validator(mode="after")
    def _gates_agree_with_the_benchmark(self) -> Self:
        """Reject a gate that no version which reaches the benchmark can pass."""
        reject_all(_contradictions(self))
        return self


def _contradictions(spec: ModelSpec) -> Iterator[Mistake]:
    found = spec.benchmark
    for alias, target in spec.aliases.items():
        if not isinstance(target, AliasPolicy) or target.policy == "latest":
            continue
        gate = target.gates.metrics.get(found.metric) if found else None
        if found is None or gate is None:
            continue
        is_max = found.mode == "max"
        limit = gate.max if is_max else gate.min
        if limit is None or limit == found.baseline:
            continue
        if (limit < found.baseline) is is_max:
            bound = "max" if is_max else "min"
            yield Mistake(
                ("aliases", alias, "gates", "metrics", found.metric, bound),
                f"excludes the baseline, {found.baseline:g}: no version can pass",
                "change it, or write policy: latest",
            )


def references(spec: ModelSpec) -> frozenset[ResourceId]:
    """Return the experiments that versions are selected from."""
    return frozenset(
        ResourceId("experiment", version.select.experiment)
        for version in spec.versions
        if version.select
    )


def complete(name: str, spec: ModelSpec, _platform: Platform) -> ModelSpec:
    """Return ``spec`` with its name and id; the key is the default of both."""
    update = {"name": spec.name or name, "id": spec.id or name}
    completed = spec.model_copy(update=update)
    completed._declares_id = spec.declares_id or bool(spec.id)  # noqa: SLF001 - of the same class
    completed._key = name  # noqa: SLF001 - of the same class
    return completed
