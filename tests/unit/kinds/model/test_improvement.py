"""Selections that require an improvement."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from controller.core.models.registration import (
    REGISTRATION_TAG,
    ModelVersion,
    TrainingRun,
    registration_hash,
)
from controller.kinds.model import KIND
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.versions import requested_version
from tests.builders.models import model_spec, model_state


def run(number: int, value: float, metric: str = "accuracy") -> TrainingRun:
    return TrainingRun(f"{number:032x}", {metric: value}, f"models:/m-{number}", number)


def registered(one: TrainingRun, number: int) -> ModelVersion:
    tags = {REGISTRATION_TAG: registration_hash("leads", one.source, one.id)}
    return ModelVersion("leads", number, one.source, one.id, tags=tags)


def selecting(over: str, metric="accuracy", mode="max", **fields):
    select = {"experiment": "leads", "metric": metric, "mode": mode}
    select |= {"minimum_improvement": 0.05, "over": over}
    return model_spec({}, versions=[{"select": select}], **fields)


def state_of(runs, *versions: tuple[TrainingRun, int]):
    state = model_state(*(registered(one, number) for one, number in versions))
    known = {one.id: one for one, _ in versions}
    return replace(state, runs={"leads": tuple(runs)}, version_runs=known)


def selected(spec, state) -> str | None:
    want = requested_version(spec, spec.versions[0], state)
    return None if want is None else want.run_id


BENCHMARK = {"benchmark": {"metric": "accuracy", "baseline": 0.8}}
LOSS = {"benchmark": {"metric": "loss", "baseline": 0.3, "mode": "min"}}


@pytest.mark.parametrize(("value", "qualifies"), [(0.84, False), (0.85, True)])
def test_a_run_must_improve_on_the_baseline(value, qualifies):
    spec = selecting("baseline", **BENCHMARK)

    assert (selected(spec, state_of([run(1, value)])) is not None) is qualifies


@pytest.mark.parametrize(("value", "qualifies"), [(0.26, False), (0.25, True)])
def test_a_lower_value_improves_if_lower_is_better(value, qualifies):
    spec = selecting("baseline", metric="loss", mode="min", **LOSS)
    state = state_of([run(1, value, "loss")])

    assert (selected(spec, state) is not None) is qualifies


def test_the_first_version_has_nothing_to_improve_on():
    assert selected(selecting("current"), state_of([run(1, 0.1)])) == run(1, 0.1).id


@pytest.mark.parametrize(("value", "chosen"), [(0.84, 1), (0.85, 2)])
def test_a_run_must_improve_on_the_current_version(value, chosen):
    first, second = run(1, 0.8), run(2, value)

    state = state_of([first, second], (first, 1))

    assert selected(selecting("current"), state) == f"{chosen:032x}"


def test_a_registered_run_needs_no_improvement_on_itself():
    first = run(1, 0.8)
    spec, state = selecting("current"), state_of([first], (first, 1))

    assert KIND.hold_reason(spec, state, ()) is None
    assert [c.path for c in KIND.compare(spec, state) if "versions" in c.path] == [
        "versions[0].tags.hokusai.ai/model-id"
    ]


def test_a_version_without_a_value_is_not_compared_with():
    first, unmeasured = run(1, 0.8), run(9, 0.0, metric="loss")
    state = state_of([first, run(2, 0.82)], (first, 1), (unmeasured, 2))

    assert selected(selecting("current"), state) == first.id


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_a_run_that_is_not_good_enough_is_reported_with_value_and_limit(metric):
    mode, fields = ("max", BENCHMARK) if metric == "accuracy" else ("min", LOSS)
    best, limit = (0.82, "0.85") if metric == "accuracy" else (0.28, "0.25")
    spec = selecting("baseline", metric, mode, **fields)

    held = KIND.hold_reason(spec, state_of([run(1, best, metric)]), ())

    assert held is not None
    assert held.message == (
        f"No finished run of experiment/leads has a logged model and {metric} of "
        f"{limit} or better; the best is {best}."
    )


def test_details_of_two_selections_list_each_run_once_under_its_metrics():
    select = {"experiment": "leads"}
    spec = model_spec(
        {},
        versions=[
            {"select": {**select, "metric": "accuracy"}},
            {"select": {**select, "metric": "loss", "mode": "min"}},
        ],
    )
    both = TrainingRun("f" * 32, {"accuracy": 0.9, "loss": 0.1}, "models:/m-15", 15)
    exact, lossy = run(1, 0.8), run(2, 0.3, "loss")
    state = state_of([exact, both, both, lossy])

    rows = {one.title: one.rows for one in KIND.details(spec, state)}["runs"]

    assert [(row[1], row[3]) for row in rows] == [
        (both.id, "accuracy"),
        (exact.id, "accuracy"),
        (both.id, "loss"),
        (lossy.id, "loss"),
    ]


@pytest.mark.parametrize(
    ("select", "fields", "problem"),
    [
        ({"minimum_improvement": 0.1, "over": "baseline"}, {}, "needs a benchmark"),
        ({"minimum_improvement": 0.1, "over": "baseline"}, LOSS, "needs a benchmark"),
        ({"minimum_improvement": 0.1}, BENCHMARK, "over is required"),
        ({"over": "current"}, {}, "has no effect without minimum_improvement"),
        ({"minimum_improvement": -0.1, "over": "current"}, {}, "must not be negative"),
    ],
)
def test_an_improvement_over_nothing_is_rejected(select, fields, problem):
    chosen = {"experiment": "leads", "metric": "accuracy", **select}

    with pytest.raises(ValidationError, match=problem):
        ModelSpec.model_validate({"versions": [{"select": chosen}], **fields})
