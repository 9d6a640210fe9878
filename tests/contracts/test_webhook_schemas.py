"""The published schemas of webhook payloads are those that the program checks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from controller.clients.payload import SCHEMAS, check
from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import model_registered

FILES = Path(__file__).parents[2] / "schemas" / "webhooks"
VERSION = ModelVersion("lead", 4, "models:/m-1", created_ms=1_767_355_200_000)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_is_what_the_program_checks(name):
    assert json.loads((FILES / name).read_text()) == SCHEMAS[name]


def test_the_example_matches():
    event = model_registered("mlflow", VERSION, {"hokusai_token_id": "LSCOR"})
    body = (FILES / "examples" / "model.registered.v1.json").read_bytes()

    check(replace(event, body=body))
