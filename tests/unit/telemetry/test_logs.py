"""Log lines are JSON and contain no secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from controller.telemetry.logs import JsonLines, KnownSecrets, pass_context


class Written:
    """A separate logger and the lines it wrote."""

    def __init__(self):
        self.secrets = KnownSecrets()
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(JsonLines(self.secrets))
        self.log = logging.getLogger("tests.written")
        self.log.propagate = False
        self.log.setLevel(logging.DEBUG)
        self.log.addHandler(self.handler)

    def line(self):
        (line,) = self.stream.getvalue().splitlines()
        return json.loads(line)


@pytest.fixture
def written() -> Iterator[Written]:
    written = Written()
    yield written
    written.log.removeHandler(written.handler)


def test_the_message_is_constant_and_the_variables_are_fields(written):
    written.log.info("action finished", extra={"resource": "service/api", "count": 2})

    line = written.line()
    assert line["message"] == "action finished"
    assert (line["resource"], line["count"], line["level"]) == (
        "service/api",
        2,
        "info",
    )
    assert line["time"].endswith("Z")


def test_every_line_of_a_pass_carries_its_id(written):
    with pass_context("p-7"):
        written.log.info("pass began")

    assert written.line()["pass"] == "p-7"


def test_outside_of_a_pass_there_is_no_id(written):
    written.log.info("controller started")

    assert "pass" not in written.line()


@pytest.mark.parametrize(
    "extra",
    [
        {"why": "denied: hunter2-hunter2"},
        {"details": {"deep": ["hunter2-hunter2"]}},
        {"error": ValueError("hunter2-hunter2")},
        {"password": "never-registered"},
        {"url": "https://me:hunter2@hokus.ai"},
    ],
    ids=["text", "nested", "error", "by name", "in a url"],
)
def test_secrets_are_masked_in_every_field(written, extra):
    written.secrets.add("hunter2-hunter2")

    written.log.info("call refused", extra=extra)

    text = written.stream.getvalue()
    assert "hunter2" not in text
    assert "never-registered" not in text
    assert "***" in text


def test_a_secret_in_an_exception_is_masked(written):
    written.secrets.add("hunter2-hunter2")

    try:
        int("hunter2-hunter2")
    except ValueError:
        written.log.exception("pass failed")

    assert "hunter2" not in written.stream.getvalue()
    assert "ValueError: " in written.line()["exception"]


def test_a_value_that_json_cannot_represent_is_text(written):
    written.log.info("observed", extra={"kinds": {"b"}, "thing": object})

    line = written.line()
    assert line["kinds"] == ["b"]
    assert line["thing"] == "<class 'object'>"


def test_a_line_begins_with_the_time_the_level_the_logger_and_the_message(written):
    with pass_context("p-7"):
        written.log.warning("observed %s", "twice", extra={"count": 2})

    line = written.line()
    assert [*line] == ["time", "level", "logger", "message", "count", "pass"]
    assert line["logger"] == "tests.written"
    assert line["message"] == "observed twice"


def test_a_record_with_line_breaks_is_one_line(written):
    written.log.info("first\nsecond", extra={"text": "a\nb", "list": ["\n"]})

    line = written.line()
    assert line["message"] == "first\nsecond"


def test_a_secret_in_a_message_that_is_a_dict_is_masked(written):
    written.secrets.add("hunter2-hunter2")

    written.log.info({"why": "hunter2-hunter2", "token": "never-registered"})

    text = written.stream.getvalue()
    assert "hunter2" not in text
    assert "never-registered" not in text
