"""The logged model that is registered for each run."""

import pytest

from controller.core.models.logged_models import (
    LoggedModel,
    source_in_history,
    sources_by_run,
)
from controller.core.models.registration import logged_model_of_source


def test_the_source_of_a_run_is_its_newest_ready_model():
    models = [
        LoggedModel("m-2", "r", 2, ready=True),
        LoggedModel("m-1", "r", 1, ready=True),
        LoggedModel("m-3", "r", 3, ready=False),
        LoggedModel("m-4", "", 4, ready=True),
    ]

    assert sources_by_run(models) == {"r": "models:/m-2"}


@pytest.mark.parametrize(
    ("history", "source"),
    [
        ('[{"artifact_path": "old"}, {"artifact_path": "/model/"}]', "runs:/r/model"),
        ("", ""),
        ("[]", ""),
        ("{}", ""),
        ("not JSON", ""),
        ('[{"artifact_path": "../other"}]', ""),
        ('[{"artifact_path": ""}]', ""),
    ],
)
def test_the_last_model_in_a_history_is_the_source(history, source):
    assert source_in_history("r", history) == source


@pytest.mark.parametrize(
    ("source", "model"),
    [
        ("models:/m-0a1b", "m-0a1b"),
        ("models:/m-0a1b/files", "m-0a1b"),
        ("models:/m-", ""),
        ("models:/leads/1", ""),
        ("runs:/m-0a1b", ""),
        ("s3://models:/m-0a1b", ""),
    ],
)
def test_only_a_logged_model_is_found_in_a_source(source, model):
    assert logged_model_of_source(source) == model
