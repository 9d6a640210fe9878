"""The schemas of what we print: fresh, and schemas."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from controller.cli.schemas import plan_schema, stale, status_schema, write

ROOT = Path(__file__).resolve().parents[2]


def test_every_generated_schema_is_fresh():
    assert stale(ROOT) == (), "run `python -m controller schema --write`"


@pytest.mark.parametrize("schema", [plan_schema(), status_schema()])
def test_it_is_a_schema_of_its_draft(schema):
    Draft202012Validator.check_schema(schema)


def test_writing_again_writes_nothing(tmp_path):
    first, second = write(tmp_path), write(tmp_path)

    assert "schemas/plan.schema.json" in first
    assert any(name.startswith("schemas/webhooks/") for name in first)
    assert second == ()
