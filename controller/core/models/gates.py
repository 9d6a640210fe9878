"""Gates: requirements that a version must meet before an alias moves to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import isfinite

from controller.core.models.approvals import APPROVED_TAG, VersionApproval
from controller.core.models.registration import ModelVersion
from controller.core.models.signature import Signature, incompatibility
from controller.core.values.utc_text import utc_text

APPROVAL = "approval"
SIGNATURE = "signature"
_APPROVED = "an approval"
_UNITS = ((3600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True, slots=True)
class MetricRange:
    """Range that a metric must be in; None for no bound."""

    minimum: float | None = None
    maximum: float | None = None

    def __str__(self) -> str:
        bounds = (("min", self.minimum), ("max", self.maximum))
        return ", ".join(
            f"{word} {value:g}" for word, value in bounds if value is not None
        )

    def contains(self, value: float) -> bool:
        """Return True if ``value`` is finite and in the range, bounds included."""
        above = self.minimum is None or value >= self.minimum
        below = self.maximum is None or value <= self.maximum
        return isfinite(value) and above and below


@dataclass(frozen=True, slots=True)
class PromotionGates:
    """Gates of one alias.

    Attributes:
        metrics: Range of each metric that a version must have.
        tags: Tags that a version must have.
        has_compatible_signature: True to require the signature of the current version.
        minimum_age: Least time since the creation of a version.
        requires_approval: True to require an approval by an operator.
    """

    metrics: Mapping[str, MetricRange] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    has_compatible_signature: bool = False
    minimum_age: timedelta = timedelta()
    requires_approval: bool = False


@dataclass(frozen=True, slots=True)
class GateFacts:
    """The facts about one version that its gates are judged by.

    Attributes:
        version: Version.
        metrics: Metrics of the version.
        now: Time of the observation.
        approval: Its stored approval; None if there is none.
        signature: Its signature; None if there is no other version to compare it with.
        current_signature: Signature of the current version; None if there is none.
    """

    version: ModelVersion
    metrics: Mapping[str, float]
    now: datetime
    approval: VersionApproval | None = None
    signature: Signature | None = None
    current_signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """Result of one gate for one version.

    Attributes:
        name: Gate, as in ``metrics.accuracy``.
        value: Value of the version.
        limit: Value that the gate requires.
        passes: True if the version meets the requirement.
    """

    name: str
    value: str
    limit: str
    passes: bool

    def __str__(self) -> str:
        return f"{self.name} is {self.value}, required: {self.limit}"


def gate_results(gates: PromotionGates, facts: GateFacts) -> tuple[GateResult, ...]:
    """Return the result of each gate for the version of ``facts``."""
    return tuple(_results(gates, facts))


def _results(gates: PromotionGates, facts: GateFacts) -> Iterator[GateResult]:
    for metric, allowed in gates.metrics.items():
        value = facts.metrics.get(metric)
        passes = value is not None and allowed.contains(value)
        shown = "none" if value is None else f"{value:g}"
        yield GateResult(f"metrics.{metric}", shown, str(allowed), passes)
    for tag in gates.tags:
        present = tag in facts.version.tags
        yield GateResult(f"tags.{tag}", "set" if present else "none", "set", present)
    if gates.has_compatible_signature:
        yield _signature(facts)
    if gates.minimum_age:
        yield _age(gates.minimum_age, facts)
    if gates.requires_approval:
        yield _approval(facts)


def _signature(facts: GateFacts) -> GateResult:
    current, candidate = facts.current_signature, facts.signature
    problem = ""
    if current is not None and candidate is not None:
        problem = incompatibility(current, candidate)
    return GateResult(SIGNATURE, problem or "compatible", "compatible", not problem)


def _approval(facts: GateFacts) -> GateResult:
    if facts.approval is not None:
        return GateResult(
            APPROVAL, f"given by {facts.approval.by}", _APPROVED, passes=True
        )
    is_tagged = APPROVED_TAG in facts.version.tags
    value = f"only the tag {APPROVED_TAG}, not stored" if is_tagged else "none"
    return GateResult(APPROVAL, value, _APPROVED, passes=False)


def _age(minimum: timedelta, facts: GateFacts) -> GateResult:
    """Return the result as times: an age would change the message in each pass."""
    created = datetime.fromtimestamp(facts.version.created_ms / 1000, UTC)
    reached = created + minimum
    limit = f"{_duration(minimum)}, reached at {_time(reached)}"
    value = f"created at {_time(created)}"
    return GateResult("minimum_age", value, limit, facts.now >= reached)


def _time(at: datetime) -> str:
    return utc_text(at)


def _duration(duration: timedelta) -> str:
    seconds, parts = int(duration.total_seconds()), []
    for unit, word in _UNITS:
        number, seconds = divmod(seconds, unit)
        parts += [f"{number}{word}"] if number else []
    return " ".join(parts)
