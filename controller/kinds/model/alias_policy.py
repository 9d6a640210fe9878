"""Declaration of an alias: a version number, a word, or a policy with gates."""

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from controller.core.document.fields import (
    INT32,
    Number,
    Section,
    Span,
    TagKey,
    Text,
    fields_set,
    reject,
)
from controller.core.values.identity import content_hash

Metric = Annotated[
    str, Text(r"[\w./: -]+", "letters, digits, _ . / : - and spaces", 250)
]
# MLflow reserves `latest` and v1, v2 … in any case.
Alias = Annotated[
    str,
    Text(
        r"(?!(?:[lL][aA][tT][eE][sS][tT]|[vV][0-9]+)$)[\w-]+",
        "letters, digits, _ and -; MLflow reserves latest, v1, v2 … in any case",
    ),
]
Choice = Literal["latest", "latest-passing"]
Age = Annotated[int, Span(1, 30 * 86400)]


class MetricGate(Section):
    """The range that a metric of a version must be in."""

    min: Number | None = Field(
        default=None, description="The minimum value.", examples=[0.8]
    )
    max: Number | None = Field(
        default=None, description="The maximum value.", examples=[0.3]
    )

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        if not fields_set(self, "min", "max"):
            reject("has no bound", "write min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            reject(
                f"is greater than max, {self.max:g}: no version can pass",
                "exchange min and max",
                "min",
            )
        return self


class Gates(Section):
    """Requirements that a version must meet before an alias moves to it."""

    metrics: dict[Metric, MetricGate] = Field(
        default_factory=dict,
        description="Ranges of metrics of the version's run. A metric that is missing or not "
        "a finite number fails.",
        examples=[{"accuracy": {"min": 0.8}, "loss": {"max": 0.3}}],
    )
    tags: tuple[TagKey, ...] = Field(
        default=(),
        description="Tags that the version must have, with any value.",
        examples=[["evaluated"]],
    )
    signature: Literal["compatible"] | None = Field(
        default=None,
        description="`compatible`: the version accepts every request that the current "
        "version accepts. It requires no other input, and equal inputs have equal types.",
    )
    minimum_age: Age | None = Field(
        default=None,
        description="The least time since the creation of the version.",
        examples=["2h"],
    )
    approval: Literal["required"] | None = Field(
        default=None,
        description="`required`: an operator approves the version with `hokusai approve`.",
    )

    @model_validator(mode="after")
    def _has_a_gate(self) -> Self:
        given = fields_set(self, "signature", "minimum_age", "approval")
        if not (self.metrics or self.tags or given):
            reject(
                "has no gate",
                "add metrics, tags, signature, minimum_age or approval, or remove it",
            )
        for number, tag in enumerate(self.tags):
            if tag in self.tags[:number]:
                reject(f"repeats {tag}", "remove it", f"tags.{number}")
        return self


class AliasPolicy(Section):
    """The newest version that passes the gates."""

    policy: Choice = Field(
        default="latest",
        description="The versions to choose from: `latest` is every version, "
        "`latest-passing` every version that reaches the benchmark.",
    )
    gates: Gates = Field(
        description="Requirements of the version. The alias stays where it is while no newer "
        "version meets all of them.",
        examples=[{"metrics": {"accuracy": {"min": 0.8}}, "approval": "required"}],
    )


def _known_form(value: Any) -> Any:
    if isinstance(value, dict | AliasPolicy) or value in ("latest", "latest-passing"):
        return value
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 0 < value <= INT32:
        reject("must be a version number, latest, latest-passing or {policy, gates}")
    return value


def _form(value: Any) -> str:
    """Return the tag of the form; in brackets, because `policy` is a field, too."""
    if isinstance(value, dict | AliasPolicy):
        return "[policy]"
    return "[word]" if isinstance(value, str) else "[number]"


AliasTarget: TypeAlias = Annotated[
    Annotated[int, Field(ge=1, le=INT32), Tag("[number]")]
    | Annotated[Choice, Tag("[word]")]
    | Annotated[AliasPolicy, Tag("[policy]")],
    Discriminator(_form),
    BeforeValidator(_known_form),
]


def choice_of(target: int | str | AliasPolicy) -> int | str:
    """Return the version number or the word of an alias target, without its gates."""
    return target.policy if isinstance(target, AliasPolicy) else target


def entry_hash(target: int | str | AliasPolicy) -> str:
    """Return the hash of a declared alias; it changes only with the document.

    Fields with their default are left out, so that a later version of this program,
    which knows more fields, computes the same hash.
    """
    if isinstance(target, AliasPolicy):
        return content_hash(target.model_dump(mode="json", exclude_defaults=True))
    return content_hash(target)
