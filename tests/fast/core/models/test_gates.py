"""Gates of an alias: each fails closed, and says value and limit."""

from datetime import UTC, datetime, timedelta
from math import inf, nan

import pytest

from controller.core.models.approvals import APPROVED_TAG, VersionApproval
from controller.core.models.gates import (
    GateFacts,
    MetricRange,
    PromotionGates,
    gate_results,
)
from controller.core.models.registration import ModelVersion
from controller.core.models.signature import (
    ModelInput,
    ModelSignature,
    UnreadableSignature,
)

CREATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
APPROVAL = VersionApproval("leads", 7, 1, "ada", "It is good.", CREATED)


def facts(tags=None, metrics=None, age=timedelta(), **more) -> GateFacts:
    created = int(CREATED.timestamp() * 1000)
    version = ModelVersion("leads", 7, "s3://m", created_ms=created, tags=tags or {})
    return GateFacts(version, metrics or {}, CREATED + age, **more)


def only(gates: PromotionGates, about: GateFacts):
    (result,) = gate_results(gates, about)
    return result


@pytest.mark.parametrize(
    ("value", "passes"),
    [
        *((0.8, True), (0.79, False), (0.9, True), (0.91, False)),
        *((nan, False), (inf, False), (-inf, False)),
    ],
)
def test_a_metric_passes_within_its_bounds(value, passes):
    gates = PromotionGates({"accuracy": MetricRange(0.8, 0.9)})

    assert only(gates, facts(metrics={"accuracy": value})).passes is passes


@pytest.mark.parametrize("value", [inf, nan])
def test_a_metric_without_upper_bound_must_still_be_finite(value):
    gates = PromotionGates({"accuracy": MetricRange(minimum=0.8)})

    assert not only(gates, facts(metrics={"accuracy": value})).passes


def test_a_missing_metric_fails_with_the_value_none():
    result = only(PromotionGates({"loss": MetricRange(maximum=0.3)}), facts())

    assert str(result) == "metrics.loss is none, required: max 0.3"
    assert not result.passes


def test_a_tag_must_be_present_with_any_value():
    gates = PromotionGates(tags=("evaluated",))

    assert only(gates, facts(tags={"evaluated": ""})).passes
    assert not only(gates, facts(tags={"other": "1"})).passes


def test_the_minimum_age_counts_from_the_creation_of_the_version():
    gates = PromotionGates(minimum_age=timedelta(hours=2))

    young = only(gates, facts(age=timedelta(hours=1, minutes=59)))
    assert only(gates, facts(age=timedelta(hours=2))).passes
    assert not young.passes
    assert str(young) == (
        "minimum_age is created at 2026-01-31T12:00:00Z, required: 2h, reached at "
        "2026-01-31T14:00:00Z"
    )


def test_the_result_of_the_age_does_not_change_from_pass_to_pass():
    gates = PromotionGates(minimum_age=timedelta(hours=2))

    results = {only(gates, facts(age=timedelta(minutes=n))) for n in (1, 2, 3)}
    assert len(results) == 1


def test_only_a_stored_approval_passes():
    gates = PromotionGates(requires_approval=True)

    assert only(gates, facts(approval=APPROVAL)).passes
    assert not only(gates, facts()).passes
    tagged = only(gates, facts(tags={APPROVED_TAG: "mallory: trust me"}))
    assert not tagged.passes
    assert "not stored" in tagged.value


def signature(*inputs: tuple[str, str, bool]) -> ModelSignature:
    return ModelSignature(tuple(ModelInput(*one) for one in inputs))


A, B = ("a", "double", True), ("b", "string", True)


@pytest.mark.parametrize(
    ("current", "candidate", "problem"),
    [
        pytest.param(signature(A, B), signature(A, B), "", id="equal"),
        pytest.param(signature(A, B), signature(B), "", id="fewer inputs"),
        pytest.param(
            signature(A), signature(A, ("c", "long", False)), "", id="optional"
        ),
        pytest.param(signature(A), signature(A, B), "b is required", id="required"),
        pytest.param(
            signature(("a", "double", False)),
            signature(A),
            "a is required",
            id="required that was optional",
        ),
        pytest.param(
            signature(A),
            signature(("a", "string", True)),
            "a is string, not double",
            id="other type",
        ),
        pytest.param(
            signature(("a", "double", False)),
            signature(("a", "string", False)),
            "a is string, not double",
            id="other type of an optional input",
        ),
        pytest.param(
            signature(A),
            UnreadableSignature("it was logged without a signature"),
            "unknown: it was logged without a signature",
            id="unreadable",
        ),
        pytest.param(
            UnreadableSignature("it was logged without a signature"),
            signature(A),
            "unknown: of the current version, it was logged without a signature",
            id="current unreadable",
        ),
    ],
)
def test_a_signature_is_compatible_if_it_accepts_every_earlier_request(
    current, candidate, problem
):
    gates = PromotionGates(has_compatible_signature=True)

    result = only(gates, facts(signature=candidate, current_signature=current))

    assert result.passes is not bool(problem)
    assert result.value == (problem or "compatible")


def test_the_first_version_has_nothing_to_be_compatible_with():
    assert only(PromotionGates(has_compatible_signature=True), facts()).passes
