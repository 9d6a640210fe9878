"""Aliases with gates: promoted, rejected, reported."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from controller.core.models.alias_record import (
    ALIASES_TAG,
    AliasRecord,
    alias_records_tag,
)
from controller.core.models.approvals import APPROVED_TAG
from controller.core.models.signature import signature_of
from controller.core.resources.condition import Truth
from controller.core.resources.kind import HealthLevel
from controller.core.resources.plan import Effect, Hold, Reason
from controller.kinds.model import KIND
from controller.kinds.model.alias_policy import entry_hash
from controller.kinds.model.promotion import unread_signatures
from controller.kinds.model.spec import ModelSpec
from tests.builders.models import (
    CREATED_MS,
    approval_of,
    model_spec,
    model_state,
    model_version,
)

GOOD_ENOUGH = {"gates": {"metrics": {"accuracy": {"min": 0.8}}}}
APPROVED = {"gates": {"approval": "required"}}
COMPATIBLE = {"gates": {"signature": "compatible"}}


def promoted(alias: str, version: int, *earlier: int):
    """Return the tag of an alias that the controller set."""
    return alias_records_tag({alias: AliasRecord(version, earlier)})


def changes(spec, state):
    return {change.path: change.after for change in KIND.compare(spec, state)}


def condition(spec, state):
    found = {one.type: one for one in KIND.conditions(spec, state)}
    return found["Promoted"]


def test_the_newest_version_that_passes_its_gates_is_promoted():
    spec = model_spec({"production": GOOD_ENOUGH})
    state = model_state(
        *map(model_version, (1, 2, 3)), accuracy={1: 0.9, 2: 0.85, 3: 0.7}
    )

    found = changes(spec, state)

    assert found["aliases.production"] == 2
    assert found["alias_records.production"] == "2"


def test_a_version_that_fails_is_reported_with_gate_value_and_limit():
    spec = model_spec({"production": GOOD_ENOUGH})
    state = model_state(
        *map(model_version, (1, 2)),
        accuracy={1: 0.9, 2: 0.7},
        aliases={"production": 1},
        tags=promoted("production", 1),
    )
    message = (
        "Alias production stays at version 1. Version 2 fails: metrics.accuracy is 0.7, "
        "required: min 0.8."
    )

    assert changes(spec, state) == {}
    (finding,) = KIND.findings(spec, state)
    assert (finding.reason, finding.message) == (Reason.GATE_FAILED, message)
    found = condition(spec, state)
    assert (found.status, found.reason) == (Truth.FALSE, "GateFailed")
    assert found.message == message
    assert KIND.health(spec, state).level is HealthLevel.HEALTHY


def test_details_list_each_failed_gate():
    spec = model_spec({"production": GOOD_ENOUGH})
    state = model_state(model_version(1))

    sections = {one.title: one.rows for one in KIND.details(spec, state)}

    row = ("production", 1, "metrics.accuracy", "none", "min 0.8")
    assert sections["failed gates"] == (row,)


def test_an_alias_without_any_version_that_passes_is_not_ready():
    spec = model_spec({"production": GOOD_ENOUGH})
    state = model_state(model_version(1), accuracy={1: 0.2})

    held = KIND.hold_reason(spec, state, ())

    assert held is not None
    assert held.hold is Hold.GATE_FAILED
    assert "metrics.accuracy is 0.2, required: min 0.8" in held.message
    assert KIND.health(spec, state).level is HealthLevel.DEGRADED


def test_an_alias_that_was_moved_in_mlflow_is_moved_back_to_what_was_promoted():
    spec = model_spec({"production": GOOD_ENOUGH})
    state = model_state(
        *map(model_version, (1, 2)),
        accuracy={1: 0.9, 2: 0.7},
        aliases={"production": 2},
        tags=promoted("production", 1),
    )

    assert changes(spec, state) == {"aliases.production": 1}


def test_an_alias_that_existed_before_its_gates_does_not_move_back():
    spec = model_spec({"production": GOOD_ENOUGH})
    state = model_state(
        *map(model_version, (1, 2)),
        accuracy={1: 0.9, 2: 0.7},
        aliases={"production": 2},
    )

    assert changes(spec, state) == {"alias_records.production": "2"}


def test_a_promoted_version_that_was_deleted_is_replaced_by_one_that_passes():
    spec = model_spec({"production": GOOD_ENOUGH})
    state = model_state(
        model_version(1), accuracy={1: 0.9}, tags=promoted("production", 2)
    )

    assert changes(spec, state)["aliases.production"] == 1


def test_the_record_goes_when_the_alias_has_no_gates_any_more():
    spec = model_spec({"production": "latest"})
    state = model_state(
        model_version(1), aliases={"production": 1}, tags=promoted("production", 1)
    )

    (change,) = KIND.compare(spec, state)

    assert (change.path, change.after) == ("alias_records.production", None)
    assert change.effect is Effect.COSMETIC


def test_latest_passing_applies_the_gates_to_versions_that_reach_the_benchmark():
    spec = model_spec(
        {"production": {"policy": "latest-passing", "gates": {"tags": ["evaluated"]}}},
        benchmark={"metric": "accuracy", "baseline": 0.8},
    )
    state = model_state(
        model_version(1, "evaluated"),
        model_version(2),
        model_version(3, "evaluated"),
        accuracy={1: 0.9, 2: 0.9, 3: 0.7},
    )

    assert changes(spec, state)["aliases.production"] == 1


def test_a_version_waits_for_its_approval_with_the_command_to_give_it():
    spec = model_spec({"production": APPROVED})
    state = model_state(
        *map(model_version, (1, 2)),
        aliases={"production": 1},
        tags=promoted("production", 1),
        approvals={1: approval_of(model_version(1))},
    )

    found = changes(spec, state)
    (finding,) = KIND.findings(spec, state)

    assert "aliases.production" not in found
    assert finding.reason is Reason.APPROVAL_REQUIRED
    assert finding.command == "hokusai approve model/leads 2 --reason TEXT"


def test_an_approved_version_is_promoted_and_shows_its_approval():
    version = model_version(1)
    spec = model_spec({"production": APPROVED})
    state = model_state(version, approvals={1: approval_of(version)})

    found = changes(spec, state)

    assert found["aliases.production"] == 1
    assert found["approvals.1"] == "ada: It is good."


def test_a_tag_without_a_stored_approval_does_not_pass_and_is_reported():
    spec = model_spec({"production": APPROVED})
    state = model_state(
        model_version(1),
        model_version(2, APPROVED_TAG),
        aliases={"production": 1},
        tags=promoted("production", 1),
        approvals={1: approval_of(model_version(1))},
    )

    (finding,) = KIND.findings(spec, state)

    assert "aliases.production" not in changes(spec, state)
    assert "only the tag hokusai.ai/approved-by, not stored" in finding.message


def test_after_the_loss_of_the_store_the_alias_stays_and_the_approval_is_asked_again():
    spec = model_spec({"production": APPROVED})
    state = model_state(
        model_version(1, APPROVED_TAG),
        aliases={"production": 1},
        tags=promoted("production", 1),
    )

    (finding,) = KIND.findings(spec, state)

    assert changes(spec, state) == {}
    assert finding.command == "hokusai approve model/leads 1 --reason TEXT"
    assert condition(spec, state).reason == "ApprovalRequired"


def test_a_young_version_waits_for_its_age():
    spec = model_spec({"production": {"gates": {"minimum_age": "2h"}}})
    old = model_version(1, created_ms=CREATED_MS - 2 * 3600 * 1000)

    found = changes(spec, model_state(old, model_version(2)))

    assert found["aliases.production"] == 1


SIGNATURE = signature_of('[{"type": "double", "name": "a", "required": true}]')
OTHER = signature_of('[{"type": "string", "name": "a", "required": true}]')


def test_a_signature_is_compared_with_that_of_the_current_version():
    spec = model_spec({"production": COMPATIBLE})
    state = model_state(
        *map(model_version, (1, 2, 3)),
        aliases={"production": 1},
        tags=promoted("production", 1),
        signatures={1: SIGNATURE, 2: SIGNATURE, 3: OTHER},
    )

    assert changes(spec, state)["aliases.production"] == 2


def test_a_signature_that_was_not_read_does_not_pass():
    spec = model_spec({"production": COMPATIBLE})
    state = model_state(
        *map(model_version, (1, 2)),
        aliases={"production": 1},
        tags=promoted("production", 1),
        signatures={1: SIGNATURE},
    )

    assert changes(spec, state) == {}


def test_only_signatures_that_decide_are_read():
    gates = {"gates": {"signature": "compatible", "tags": ["evaluated"]}}
    spec = model_spec({"production": gates, "staging": "latest"})
    versions = (model_version(1), model_version(2), model_version(3, "evaluated"))
    nothing_newer = model_state(
        *versions[:2], aliases={"production": 1}, tags=promoted("production", 1)
    )
    newer = model_state(
        *versions, aliases={"production": 1}, tags=promoted("production", 1)
    )

    assert unread_signatures(spec, model_state(*versions)) == frozenset()
    assert unread_signatures(spec, nothing_newer) == frozenset()
    assert unread_signatures(spec, newer) == {1, 3}


def test_an_incompatible_signature_is_reported_before_the_approval_is_given():
    gates = {"gates": {"signature": "compatible", "approval": "required"}}
    spec = model_spec({"production": gates})
    state = model_state(
        *map(model_version, (1, 2)),
        aliases={"production": 1},
        tags=promoted("production", 1),
        approvals={1: approval_of(model_version(1))},
    )

    assert unread_signatures(spec, state) == {1, 2}
    (finding,) = KIND.findings(
        spec, replace(state, signatures={1: SIGNATURE, 2: OTHER})
    )
    assert finding.reason is Reason.GATE_FAILED
    assert "a is string, not double" in finding.message
    assert finding.command == ""


@pytest.mark.parametrize(
    ("gates", "problem"),
    [
        ({}, "has no gate"),
        ({"metrics": {"accuracy": {}}}, "has no bound"),
        ({"metrics": {"accuracy": {"min": 0.9, "max": 0.1}}}, "no version can pass"),
        ({"tags": ["a", "a"]}, "repeats a"),
        ({"minimum_age": "soon"}, "is not a duration"),
        ({"approval": "optional"}, "'required'"),
    ],
)
def test_gates_that_make_no_sense_are_rejected(gates, problem):
    with pytest.raises(ValidationError, match=problem):
        ModelSpec.model_validate({"aliases": {"production": {"gates": gates}}})


def test_a_gate_that_excludes_the_baseline_is_rejected():
    gates = {"metrics": {"accuracy": {"max": 0.5}}}
    fields = {
        "benchmark": {"metric": "accuracy", "baseline": 0.8},
        "aliases": {"production": {"policy": "latest-passing", "gates": gates}},
    }

    with pytest.raises(ValidationError, match="excludes the baseline"):
        ModelSpec.model_validate(fields)


def test_the_hash_of_an_entry_changes_with_its_meaning_alone():
    def hash_of(target) -> str:
        return entry_hash(model_spec({"production": target}).aliases["production"])

    assert hash_of(APPROVED) == hash_of({"policy": "latest", **APPROVED})
    assert len({hash_of(t) for t in (APPROVED, GOOD_ENOUGH, "latest", 1, 2)}) == 5


def test_a_model_without_gates_has_no_condition_promoted_and_no_record():
    spec = model_spec({"production": "latest"})
    state = model_state(model_version(1), aliases={"production": 1})

    assert [one.type for one in KIND.conditions(spec, state)] == ["Measured"]
    assert KIND.compare(spec, state) == ()
    assert ALIASES_TAG not in state.tags
