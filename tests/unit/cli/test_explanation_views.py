"""Comparisons of declared and live values in every format."""

import json

import yaml

from controller.cli.exit_codes import Exit, of_explanations
from controller.cli.views.explanations import render_explanations
from controller.core.document.resource import ResourceId
from controller.core.resources.explanation import Comparison, Explanation

API, WEB = ResourceId("service", "api"), ResourceId("service", "web")
EQUAL = Explanation("task.cpu", None, 0, Comparison.EQUAL_BY_RULE, ("R14: It is 0.",))
DIFFERS = Explanation("task.memory", "512", "1024", Comparison.DIFFERS)


def test_a_table_shows_both_values_and_the_rule():
    text = render_explanations({API: (EQUAL, DIFFERS)}, "task", "table")

    assert text.splitlines()[:3] == [
        "service/api",
        "FIELD        DECLARED  LIVE  RESULT              REASON",
        "task.cpu     (none)    0     is equal by a rule  R14: It is 0.",
    ]


def test_markdown_has_one_table_per_resource():
    text = render_explanations({API: (EQUAL,)}, "task", "markdown")

    assert "**service/api**" in text
    assert "| task.cpu | (none) | 0 | is equal by a rule | R14: It is 0. |" in text


def test_json_and_yaml_hold_the_same_data():
    told = {API: (EQUAL,), WEB: "AccessDenied"}

    data = json.loads(render_explanations(told, "task", "json"))

    assert yaml.safe_load(render_explanations(told, "task", "yaml")) == data
    assert data["resources"][0]["values"][0]["reasons"] == ["R14: It is 0."]
    assert data["resources"][1]["unknown"] == "AccessDenied"


def test_a_path_without_a_value_is_reported():
    assert "no value at task.x" in render_explanations({API: ()}, "task.x", "table")


def test_the_exit_code_depends_on_the_selected_paths():
    assert of_explanations({API: (EQUAL,)}) is Exit.OK
    assert of_explanations({API: (EQUAL, DIFFERS)}) is Exit.DIFFERENT
    assert of_explanations({API: (DIFFERS,), WEB: "AccessDenied"}) is Exit.FAILED
