"""Plans in every format."""

import json
from dataclasses import replace

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.cli.schemas import plan_schema
from controller.cli.views.plans import render_plan, shown
from controller.core.resources.plan import Plan
from tests.builders.plans import ADVICE, PLAN

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def test_a_table_shows_actions_reasons_and_commands():
    told = render_plan(PLAN, "table", 6)

    assert told.splitlines() == [
        "~ service/api  update: Drifted, after service/mlflow",
        "    task.cpu: 256 -> 512  (restart)",
        "! model/lead  NotManaged: It is not ours.",
        "    run: hokusai apply",
        "? service/mlflow  Unknown: ECS did not answer.",
        "? webhook/site  RolloutInProgress: It rolls out.",
        "1 to update, 1 needs manual action, 2 held back, 2 unchanged.",
    ]


def test_each_command_of_an_advice_is_on_its_own_line():
    two = replace(ADVICE, command="aws first\naws second")

    told = render_plan(Plan(advice=(two,)), "table", 1)

    assert told.splitlines()[1:3] == ["    run: aws first", "    run: aws second"]


def test_a_plan_in_sync_is_one_line():
    assert render_plan(Plan(), "table", 3) == "3 unchanged."


@pytest.mark.parametrize(
    ("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)]
)
def test_json_and_yaml_follow_the_schema(output, read):
    data = read(render_plan(PLAN, output, 6))

    assert list(Draft202012Validator(plan_schema()).iter_errors(data)) == []
    assert data["actions"][0]["waitsFor"] == ["service/mlflow"]
    assert not data["complete"]


def test_markdown_is_a_table_for_a_pull_request():
    told = render_plan(PLAN, "markdown", 6)

    assert "| ~ | `service/api` | update | Drifted | `task.cpu` | `256` | `512` |" in (
        told
    )
    assert told.startswith("**1 to update")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(none)"),
        ("text", "text"),
        ([1, "a"], '[1, "a"]'),
        ("x" * 61, "x" * 12 + "…" + "x" * 47),
        ("ten words " * 7, "ten words " * 5 + "ten words…"),
        (
            f"{ECR}/hokusai-api@sha256:{'ab' * 32}",
            "123456789012….amazonaws.com/hokusai-api@sha256:abababababab…",
        ),
    ],
)
def test_values_are_shown_on_one_line(value, text):
    assert shown(value) == text


def test_no_colour_is_needed_to_read_a_plan():
    assert "\x1b" not in render_plan(PLAN, "table", 6)
