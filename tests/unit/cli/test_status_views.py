"""Conditions of resources in every format."""

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


def test_the_table_is_sorted_and_shows_ages():
    assert render_statuses(STATUSES, "table", LATER).splitlines() == [
        "RESOURCE     STATUS   SINCE  MESSAGE",
        "model/lead   Stalled  5m     denied | by a|b",
        "service/api  Ready    5m     It is well.",
    ]


@pytest.mark.parametrize(
    ("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)]
)
def test_json_and_yaml_follow_the_schema(output, read):
    data = read(render_statuses(STATUSES, output, LATER))

    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    assert [r["resource"] for r in data["resources"]] == ["model/lead", "service/api"]


def test_markdown_escapes_pipes():
    assert "denied \\| by a\\|b" in render_statuses(STATUSES, "markdown", LATER)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (conditions(), "Ready"),
        (conditions(Truth.FALSE, "TasksMissing"), "TasksMissing"),
        (conditions(Truth.FALSE, "X", stalled=Truth.TRUE), "Stalled"),
        (conditions(Truth.UNKNOWN, "Unknown"), "Unknown"),
        (conditions(suspended=Truth.TRUE), "Suspended"),
    ],
)
def test_the_status_is_one_word(found, expected):
    assert word(found) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, "0s"), (59, "59s"), (60, "1m"), (7200, "2h"), (200_000, "2d")],
)
def test_an_age_is_shown_in_its_largest_unit(seconds, expected):
    assert age(timedelta(seconds=seconds)) == expected


def test_the_table_fits_a_narrow_terminal_and_keeps_commands_whole():
    command = 'hokusai retry webhook/site --reason "…" -e staging -f other.yaml'
    message = f"The receiver answered 410 to every event of today. To enable: {command}"
    statuses = {**STATUSES, LEAD: conditions(Truth.FALSE, "TargetDisabled", message)}

    lines = render_statuses(statuses, "table", LATER, 60).splitlines()

    assert max(len(line) for line in lines if command not in line) <= 60
    assert [line.strip() for line in lines if "hokusai" in line] == [command]
