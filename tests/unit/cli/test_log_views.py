"""Log lines in every format."""

import json
from datetime import UTC, datetime

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.cli.schemas import status_schema
from controller.cli.views.logs import json_line, plain_line, render_lines
from controller.core.document.resource import ResourceId
from controller.core.resources.log_lines import LogLine

API = ResourceId("service", "api")
LINE = LogLine("1", datetime(2026, 1, 1, 12, tzinfo=UTC), "0123456789abcdef", "a | b")


def test_a_table_has_one_line_per_log_line():
    assert plain_line(LINE) == "2026-01-01T12:00:00Z  0123456789ab  a | b"
    assert render_lines(API, [LINE, LINE], "table").count("\n") == 1


@pytest.mark.parametrize(("output", "read"), [("json", json), ("yaml", yaml)])
def test_json_and_yaml_follow_the_schema(output, read):
    text = render_lines(API, [LINE], output)
    data = json.loads(text) if read is json else yaml.safe_load(text)

    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    assert data["lines"][0]["task"] == LINE.source


def test_markdown_escapes_pipes():
    assert "a \\| b" in render_lines(API, [LINE], "markdown")


def test_a_followed_log_is_one_json_object_per_line():
    assert json.loads(json_line(LINE))["line"] == "a | b"


def test_a_table_leaves_out_the_colours_of_the_program():
    coloured = LogLine("1", LINE.at, LINE.source, "\x1b[1;32mok\x1b[0m")

    assert plain_line(coloured).endswith("  ok")
