"""Requested operations on a model: resolved, refused, held."""

from dataclasses import replace

import pytest

from controller.core.errors import RefusedError
from controller.core.models.alias_record import (
    ALIASES_TAG,
    AliasRecord,
    alias_records,
    alias_records_tag,
)
from controller.core.resources.condition import Truth
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Reason, Verb
from controller.kinds.model import KIND
from controller.kinds.model.alias_policy import entry_hash
from controller.kinds.model.operations import records_after
from tests.builders.models import NOW, model_spec, model_state, model_version

GATED = {"gates": {"tags": ["evaluated"]}}
BOTH = {"production": GATED, "staging": "latest"}


def request(wanted: str) -> OperationRequest:
    return OperationRequest("ada", "It is slow.", wanted)


def state_at(number: int, *earlier: int, alias: str = "production", **fields):
    """Return a model of four versions whose alias was promoted to ``number``."""
    versions = [model_version(n, "evaluated") for n in (1, 2, 3, 4)]
    tags = alias_records_tag({alias: AliasRecord(number, earlier)})
    return model_state(*versions, aliases={alias: number}, tags=tags, **fields)


def resolved(verb, wanted, spec, state) -> str:
    return KIND.resolve_request(verb, request(wanted), spec, state).wanted


def refused(verb, wanted, spec, state) -> str:
    return KIND.check_request(verb, request(wanted), spec, state, NOW)


def rolled_back(spec, state, wanted="production:2"):
    """Return the state after a rollback, as it is observed again."""
    alias, _, number = wanted.partition(":")
    records = records_after(Verb.ROLL_BACK, request(wanted), spec, state)
    tags = {**state.tags, **alias_records_tag(records)}
    aliases = {**state.aliases, alias: int(number)}
    return replace(state, tags=tags, aliases=aliases)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        *((":-1", "production:3"), (":-2", "production:1"), ("production::7", "")),
        *((":2", "production:2"), ("production:3", "production:3")),
    ],
)
def test_a_rollback_counts_back_among_promoted_versions(wanted, meant):
    spec, state = model_spec({"production": GATED}), state_at(4, 3, 1)

    if not meant:
        with pytest.raises(RefusedError, match="has no alias"):
            resolved(Verb.ROLL_BACK, wanted, spec, state)
        return
    assert resolved(Verb.ROLL_BACK, wanted, spec, state) == meant


def test_a_rollback_of_a_plain_alias_counts_back_among_older_versions():
    spec = model_spec({"staging": "latest"})
    state = replace(state_at(4), aliases={"staging": 4})

    assert resolved(Verb.ROLL_BACK, ":-1", spec, state) == "staging:3"


def test_a_version_that_never_passed_is_not_counted():
    spec = model_spec({"production": "latest-passing"}, benchmark=BENCHMARK)
    versions = [model_version(n) for n in (1, 2, 3)]
    state = model_state(
        *versions, accuracy={1: 0.9, 2: 0.1, 3: 0.9}, aliases={"production": 3}
    )

    assert resolved(Verb.ROLL_BACK, ":-1", spec, state) == "production:1"


BENCHMARK = {"metric": "accuracy", "baseline": 0.5}


@pytest.mark.parametrize(
    ("aliases", "wanted", "problem"),
    [
        (
            BOTH,
            ":-1",
            "has several aliases: add --alias with one of production, staging",
        ),
        (BOTH, "canary:-1", "has no alias canary: it declares production, staging"),
        ({}, ":-1", "declares no alias"),
        ({"production": GATED}, ":-9", "cannot roll back 9 versions"),
        ({"production": GATED}, ":-x", "x is not a version"),
        ({"production": GATED}, ":-0", "0 is not a version"),
    ],
)
def test_a_rollback_without_a_clear_target_is_refused(aliases, wanted, problem):
    spec, state = model_spec(aliases), state_at(4, 3, 1)

    with pytest.raises(RefusedError, match=problem):
        resolved(Verb.ROLL_BACK, wanted, spec, state)


def test_a_rollback_holds_the_alias_although_newer_versions_pass():
    spec = model_spec({"production": GATED})

    state = rolled_back(spec, state_at(4, 3, 2, 1))

    assert KIND.compare(spec, state) == ()
    (finding,) = KIND.findings(spec, state)
    assert finding.reason is Reason.ROLLED_BACK
    assert "rolled back to version 2 by ada: It is slow." in finding.message
    assert finding.command == (
        "hokusai rollback model/leads --alias production --undo --reason TEXT"
    )
    (found,) = [c for c in KIND.conditions(spec, state) if c.type == "Promoted"]
    assert (found.status, found.reason) == (Truth.FALSE, "RolledBack")


@pytest.mark.parametrize("target", ["latest", 4])
def test_a_rollback_holds_a_plain_alias(target):
    spec = model_spec({"production": target})

    state = rolled_back(spec, replace(state_at(4), tags=model_state().tags))

    assert KIND.compare(spec, state) == ()


def test_an_alias_that_is_held_and_moved_in_mlflow_is_moved_back():
    spec = model_spec({"production": GATED})
    state = rolled_back(spec, state_at(4, 3, 2, 1))

    moved = replace(state, aliases={"production": 4})

    (change,) = KIND.compare(spec, moved)
    assert (change.path, change.after) == ("aliases.production", 2)


def test_a_hold_ends_when_the_entry_in_the_document_changes():
    held = rolled_back(model_spec({"production": "latest"}), state_at(4))
    changed = model_spec({"production": GATED})

    found = {c.path: c.after for c in KIND.compare(changed, held)}

    assert found["aliases.production"] == 4
    assert KIND.findings(changed, held) == ()


def test_after_a_hold_no_older_version_than_the_one_rolled_back_to_is_needed():
    held = rolled_back(model_spec({"production": "latest"}), state_at(4))
    strict = model_spec({"production": {"gates": {"tags": ["approved-by-hand"]}}})

    found = {c.path: c.after for c in KIND.compare(strict, held)}

    assert "aliases.production" not in found


def test_the_end_of_a_rollback_promotes_again():
    spec = model_spec({"production": GATED})
    held = rolled_back(spec, state_at(4, 3, 2, 1))

    assert refused(Verb.RESUME, "production", spec, held) == ""
    records = records_after(Verb.RESUME, request("production"), spec, held)
    ended = replace(held, tags={**held.tags, **alias_records_tag(records)})

    found = {c.path: c.after for c in KIND.compare(spec, ended)}
    assert found["aliases.production"] == 4


def test_nothing_ends_without_a_rollback():
    spec, state = model_spec({"production": GATED}), state_at(4)

    assert refused(Verb.RESUME, "production", spec, state) == (
        "no rollback holds alias production"
    )


def test_a_held_version_that_was_deleted_is_not_replaced():
    spec = model_spec({"production": GATED})
    held = rolled_back(spec, state_at(4, 3, 2, 1))
    gone = replace(
        held, versions=tuple(v for v in held.versions if v.number != 2), aliases={}
    )

    assert KIND.compare(spec, gone) == ()
    reason = KIND.hold_reason(spec, gone, ())
    assert reason is not None
    assert "no longer exists" in reason.message


@pytest.mark.parametrize(
    ("verb", "wanted", "problem"),
    [
        (Verb.ROLL_BACK, "production:9", "version 9 does not exist or is not ready"),
        (Verb.ROLL_BACK, "production:4", "version 4 is newer than version 3"),
        (Verb.ROLL_BACK, "production:3", "alias production is at version 3 already"),
        (Verb.ROLL_BACK, "staging:1", "alias staging is not set"),
        (Verb.APPROVE, "9", "version 9 does not exist: the versions are 1, 2, 3, 4"),
        (Verb.APPROVE, "4", "no alias requires an approval"),
        (Verb.RESTART, "", "its kind does not support `restart`"),
        (Verb.RETRY, "", "its kind does not support `retry`"),
    ],
)
def test_an_impossible_operation_is_refused(verb, wanted, problem):
    spec, state = model_spec(BOTH), state_at(3)

    assert problem in refused(verb, wanted, spec, state)


def test_a_repeated_rollback_is_refused_once_it_is_complete():
    spec = model_spec({"production": GATED})
    held = rolled_back(spec, state_at(4, 3, 2, 1))

    assert "is held at version 2 already" in refused(
        Verb.ROLL_BACK, "production:2", spec, held
    )


def test_a_rollback_whose_last_step_is_missing_may_be_repeated():
    spec = model_spec({"production": GATED})
    held = rolled_back(spec, state_at(4, 3, 2, 1))
    interrupted = replace(held, aliases={"production": 4})

    assert refused(Verb.ROLL_BACK, "production:2", spec, interrupted) == ""


def test_a_hold_is_kept_in_a_tag_with_the_hash_of_the_entry():
    spec = model_spec({"production": GATED})

    held = rolled_back(spec, state_at(4, 3, 2, 1))

    record = alias_records({ALIASES_TAG: held.tags[ALIASES_TAG]})["production"]
    assert record.held == entry_hash(spec.aliases["production"])
