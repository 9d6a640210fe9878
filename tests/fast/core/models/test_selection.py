"""The run that a selection registers, and the run in a source."""

from math import inf, nan

import pytest

from controller.core.models.registration import TrainingRun, best_run, run_of_source

RUN = "0123456789abcdef" * 2


def run(id_: str, value: float) -> TrainingRun:
    return TrainingRun(id_, {"loss": value}, f"models:/m-{id_}")


@pytest.mark.parametrize("mode", ["max", "min"])
@pytest.mark.parametrize("value", [inf, -inf, nan])
def test_a_metric_that_is_not_finite_never_wins(mode, value):
    runs = [run("failed", value), run("good", 0.5)]

    assert best_run(runs, "loss", mode, None) == runs[1]
    assert best_run(runs[:1], "loss", mode, None) is None


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (f"runs:/{RUN}/model", RUN),
        (f"runs:/{RUN}", RUN),
        (f"runs:/{RUN}x/model", ""),
        ("models:/m-1", ""),
        ("s3://bucket/runs:/model", ""),
    ],
)
def test_the_run_is_taken_from_its_address(source, found):
    assert run_of_source(source) == found
