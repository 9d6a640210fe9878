"""Which versions and aliases a model asks for."""

import pytest
from pydantic import ValidationError

from controller.core.document.platform import Platform
from controller.core.models.registration import (
    BASELINE_TAG,
    DUPLICATE_TAG,
    METRIC_TAG,
    MODEL_ID_TAG,
    REGISTRATION_TAG,
    TOKEN_TAG,
    VALUE_TAG,
    ModelVersion,
    TrainingRun,
    registration_hash,
)
from controller.core.resources.plan import Hold
from controller.kinds.model import KIND
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.state import ModelState
from controller.kinds.model.versions import model_tags, requested_version

PLATFORM = Platform("hokusai", "local", "123456789012", "us-east-1")
SPEC = KIND.complete(
    "lead-scoring",
    ModelSpec.model_validate(
        {
            "name": "Lead Scoring",
            "token_symbol": "LSCOR",
            "benchmark": {"metric": "accuracy", "baseline": 0.65},
            "versions": [{"select": {"experiment": "leads", "metric": "accuracy"}}],
            "aliases": {"production": "latest-passing"},
        }
    ),
    PLATFORM,
)
GOOD = TrainingRun("a" * 32, {"accuracy": 0.9}, "models:/m-1", 1)
POOR = TrainingRun("b" * 32, {"accuracy": 0.5}, "models:/m-2", 2)


def state(versions=(), runs=(GOOD, POOR), aliases=None, tags=None) -> ModelState:
    """Return a model whose own tags are as declared."""
    return ModelState(
        tags={MODEL_ID_TAG: SPEC.id, **model_tags(SPEC)} if tags is None else tags,
        versions=tuple(versions),
        runs={"leads": runs},
        aliases=aliases or {},
    )


def version_of(run: TrainingRun, number: int = 1, **tags) -> ModelVersion:
    """Return the version that registering ``run`` makes."""
    registration = requested_version(SPEC, SPEC.versions[0], state(runs=(run,)))
    assert registration is not None
    return ModelVersion(
        "Lead Scoring", number, run.source, run.id, tags={**registration.tags, **tags}
    )


def paths(state_: ModelState) -> list[str]:
    return [change.path for change in KIND.compare(SPEC, state_)]


def test_the_best_run_is_registered():
    (change,) = KIND.compare(SPEC, state())

    assert change.path == "versions[0]"
    assert change.after == {"source": "models:/m-1", "run_id": "a" * 32}


def test_a_version_is_found_by_its_hash_and_not_registered_again():
    registered = state([version_of(GOOD)], aliases={"production": 1})

    assert paths(registered) == []


def test_a_version_carries_what_a_receiver_and_a_gate_need():
    tags = version_of(GOOD).tags

    assert tags[REGISTRATION_TAG] == registration_hash(
        "Lead Scoring", "models:/m-1", "a" * 32
    )
    assert (tags[METRIC_TAG], tags[BASELINE_TAG]) == ("accuracy", "0.65")
    assert (tags[VALUE_TAG], tags[TOKEN_TAG]) == ("0.9", "LSCOR")


def test_a_tag_that_somebody_changed_on_a_version_is_drift():
    drifted = state(
        [version_of(GOOD, **{BASELINE_TAG: "0.1"})], aliases={"production": 1}
    )

    assert paths(drifted) == [f"versions[0].tags.{BASELINE_TAG}"]


def test_a_copy_of_a_version_is_marked_and_never_aliased():
    copies = [version_of(GOOD), version_of(GOOD, 2)]

    assert paths(state(copies, aliases={"production": 1})) == ["duplicates.2"]
    marked = [version_of(GOOD), version_of(GOOD, 2, **{DUPLICATE_TAG: "1"})]
    assert paths(state(marked, aliases={"production": 1})) == []


def test_an_alias_moves_to_the_latest_version_that_passes():
    versions = [version_of(GOOD), version_of(POOR, 2)]

    (change,) = KIND.compare(SPEC, state(versions))

    assert (change.path, change.before, change.after) == (
        "aliases.production",
        None,
        1,
    )


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param((), id="no run"),
        pytest.param(
            (TrainingRun("c" * 32, {"loss": 1.0}, "models:/m-3"),), id="other metric"
        ),
        pytest.param(
            (TrainingRun("c" * 32, {"accuracy": 1.0}, ""),), id="no model logged"
        ),
        pytest.param(
            (TrainingRun("c" * 32, {"accuracy": float("nan")}, "models:/m-3"),),
            id="not a number",
        ),
    ],
)
def test_a_model_with_nothing_to_select_says_so(runs):
    nothing = state(runs=runs)

    held = KIND.hold_reason(SPEC, nothing, KIND.compare(SPEC, nothing))

    assert held is not None
    assert held.hold is Hold.NO_MATCHING_RUN
    assert "experiment/leads" in held.message


def test_what_can_be_settled_is_settled_before_anything_is_selected():
    changes = KIND.compare(SPEC, state(runs=(), tags={}))

    assert [c.path for c in changes] == [
        "tags.hokusai.ai/model-id",
        f"tags.{TOKEN_TAG}",
    ]
    assert KIND.hold_reason(SPEC, state(runs=(), tags={}), changes) is None


def test_of_equal_runs_the_oldest_is_taken_so_that_a_repeat_changes_nothing():
    again = TrainingRun("d" * 32, {"accuracy": 0.9}, "models:/m-4", 9)

    (change,) = KIND.compare(SPEC, state(runs=(again, GOOD)))

    assert change.after["run_id"] == GOOD.id


@pytest.mark.parametrize("alias", ["latest", "Latest", "LATEST", "v1", "V12"])
def test_an_alias_that_mlflow_reserves_is_refused(alias):
    with pytest.raises(ValidationError, match="MLflow reserves latest"):
        ModelSpec.model_validate({"aliases": {alias: 1}})


@pytest.mark.parametrize("alias", ["latest-good", "v1a", "vlatest", "production"])
def test_other_aliases_are_not_reserved(alias):
    assert ModelSpec.model_validate({"aliases": {alias: 1}}).aliases == {alias: 1}
