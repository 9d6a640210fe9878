"""How the conditions of resources are shown."""

import json
from datetime import timedelta

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.cli.schemas import status_schema
from controller.cli.views.statuses import age, render_statuses, word
from controller.core.resources.condition import Truth
from tests.builders.plans import API, LEAD, NOON, conditions

STATUSES = {
    LEAD: conditions(Truth.FALSE, "ApplyFailed", "denied | by a|b", stalled=Truth.TRUE),
    API: conditions(),
}
LATER = NOON + timedelta(minutes=5)


def test_the_table_is_sorted_and_says_since_when():
    assert render_statuses(STATUSES, "table", LATER).splitlines() == [
        "RESOURCE     STATUS   SINCE  MESSAGE",
        "model/lead   Stalled  5m     denied | by a|b",
        "service/api  Ready    5m     It is well.",
    ]


@pytest.mark.parametrize(
    ("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)]
)
def test_programs_get_what_the_schema_promises(output, read):
    data = read(render_statuses(STATUSES, output, LATER))

    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    assert [r["resource"] for r in data["resources"]] == ["model/lead", "service/api"]


def test_markdown_escapes_what_would_end_a_cell():
    assert "denied \\| by a\\|b" in render_statuses(STATUSES, "markdown", LATER)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (conditions(), "Ready"),
        (conditions(Truth.FALSE, "TasksMissing"), "TasksMissing"),
        (conditions(Truth.FALSE, "X", stalled=Truth.TRUE), "Stalled"),
        (conditions(Truth.UNKNOWN, "Unknown"), "Unknown"),
        (conditions(suspended=Truth.TRUE), "Suspended"),
    ],
)
def test_one_word_says_how_a_resource_does(found, told):
    assert word(found) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-1, "0s"), (59, "59s"), (60, "1m"), (7200, "2h"), (200_000, "2d")],
)
def test_an_age_is_told_in_its_largest_unit(seconds, told):
    assert age(timedelta(seconds=seconds)) == told
