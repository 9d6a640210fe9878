"""The JSON Schemas of the command output: current, complete and strict."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from controller.cli.schemas import plan_schema, stale, status_schema, write
from controller.cli.views.data import plan_data, status_data
from controller.cli.views.explanations import render_explanations
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.explanation import Comparison, Explanation
from controller.core.resources.plan import Effect, Hold, Reason, Verb
from controller.core.resources.rollouts import Result
from tests.builders.plans import API, PLAN, conditions

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {"plan": plan_schema(), "status": status_schema()}


def objects(schema):
    """Yield every part of ``schema`` that describes an object by its properties."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_every_schema_file_is_current():
    assert stale(ROOT) == (), "run `python -m controller schema --write`"


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_it_is_a_schema_of_its_draft(schema):
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_an_object_allows_no_other_fields(schema):
    found = [*objects(schema)]

    assert len(found) > 5
    assert [one for one in found if one.get("additionalProperties") is not False] == []


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_a_reference_has_a_definition_and_a_definition_is_used(schema):
    used = set(re.findall(r"#/\$defs/(\w+)", json.dumps(schema)))

    assert used == {*schema["$defs"]}


def test_choices_are_those_of_the_program():
    plan, status = SCHEMAS["plan"]["$defs"], SCHEMAS["status"]["$defs"]
    change = plan["changes"]["items"]["properties"]
    values = status["explanation"]["properties"]["resources"]["items"]["properties"]
    compared = values["values"]["items"]["properties"]["likeness"]

    assert plan["action"]["properties"]["verb"]["enum"] == [*map(str, Verb)]
    assert plan["reason"]["enum"] == [*map(str, Reason)]
    assert plan["blocked"]["properties"]["hold"]["enum"] == [*map(str, Hold)]
    assert change["effect"]["enum"] == [*map(str, Effect)]
    condition = status["condition"]["properties"]
    assert condition["type"]["examples"] == [*map(str, ConditionType)]
    assert condition["status"]["enum"] == [*map(str, Truth)]
    result = status["rollout"]["properties"]["result"]["enum"]
    assert result == [one.word for one in Result]
    assert compared["enum"] == [*map(str, Comparison)]


def test_every_kind_of_output_has_a_schema():
    views = (ROOT / "controller/cli/views").glob("*.py")
    kinds = {k for f in views for k in re.findall(r'"kind": "(\w+)"', f.read_text())}

    described = {
        one["properties"]["kind"]["const"]
        for schema in SCHEMAS.values()
        for one in objects(schema)
        if "const" in one["properties"].get("kind", {})
    }
    assert kinds == described


def test_a_field_that_the_schema_lacks_is_an_error():
    plan, status = plan_data(PLAN), status_data({API: conditions()})
    plan["actions"][0]["changes"][0]["other"] = 1
    status["resources"][0]["conditions"][0]["other"] = 1

    for name, data in (("plan", plan), ("status", status)):
        assert [*Draft202012Validator(SCHEMAS[name]).iter_errors(data)] != []


def test_an_explanation_follows_the_schema():
    differs = Explanation("task.memory", "512", "1024", Comparison.DIFFERS)
    found = {API: (differs,), ResourceId("service", "web"): "AccessDenied"}

    data = json.loads(render_explanations(found, "task", "json"))

    assert [*Draft202012Validator(SCHEMAS["status"]).iter_errors(data)] == []


def test_writing_again_writes_nothing(tmp_path):
    first, second = write(tmp_path), write(tmp_path)

    assert "schemas/plan.schema.json" in first
    assert any(name.startswith("schemas/webhooks/") for name in first)
    assert second == ()
