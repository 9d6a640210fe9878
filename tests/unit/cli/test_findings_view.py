"""Results of preflight checks in every format."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.cli.exit_codes import Exit, of_results
from controller.cli.schemas import status_schema
from controller.cli.views.findings import render_results
from controller.core.document.resource import ResourceId
from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckSkipped,
    CheckUnknown,
    Severity,
)

API, WEB = ResourceId("service", "api"), ResourceId("service", "web")
GONE = CheckFinding(
    "image", Severity.BLOCKS, "image", "api:1 is not in ECR.", "aws ecr x | y"
)
ODD = CheckFinding(
    "buckets", Severity.WARNS, "environment.A", "No versions.", "aws s3api z"
)
DENIED = CheckUnknown("roles", "AccessDenied.", temporary=False)
RESULTS = {
    WEB: (CheckPassed("image"), DENIED),
    API: (GONE, ODD, CheckSkipped("roles", "it declares none"), CheckPassed("network")),
}


def test_a_table_shows_every_check_with_its_message_and_command():
    assert render_results(RESULTS, "table").splitlines() == [
        "service/api: 1 OK, 1 blocking, 1 warning, 1 skipped",
        "  CHECK    RESULT   MESSAGE",
        "  image    blocks   image: api:1 is not in ECR.",
        "  buckets  warns    environment.A: No versions.",
        "  roles    skipped  it declares none",
        "  network  OK",
        "  image: run: aws ecr x | y",
        "  buckets: run: aws s3api z",
        "service/web: 1 OK, 1 unchecked",
        "  CHECK  RESULT     MESSAGE",
        "  image  OK",
        "  roles  unchecked  AccessDenied.",
        "2 resources checked: 2 OK, 1 blocking, 1 warning, 1 unchecked, 1 skipped",
    ]


def test_markdown_holds_the_same():
    told = render_results(RESULTS, "markdown")

    assert told.startswith("**2 resources checked: 2 OK, 1 blocking,")
    assert (
        "| service/api | image | blocks | image: api:1 is not in ECR. "
        "| `aws ecr x \\| y` |"
    ) in told


@pytest.mark.parametrize(
    ("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)]
)
def test_json_and_yaml_follow_the_schema(output, read):
    data = read(render_results(RESULTS, output))

    assert [*Draft202012Validator(status_schema()).iter_errors(data)] == []
    assert [r["resource"] for r in data["resources"]] == ["service/api", "service/web"]
    assert data["resources"][0]["checks"][0] == {
        "check": "image",
        "result": "blocks",
        "path": "image",
        "message": "api:1 is not in ECR.",
        "command": "aws ecr x | y",
    }


def test_an_empty_result_is_reported():
    assert render_results({}, "table") == "0 resources checked: no checks"
    assert render_results({}, "markdown") == "**0 resources checked: no checks**"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ((), Exit.OK),
        ((CheckPassed("image"), CheckSkipped("roles", "x")), Exit.OK),
        ((ODD,), Exit.DIFFERENT),
        ((GONE,), Exit.DIFFERENT),
        ((GONE, DENIED), Exit.FAILED),
    ],
)
def test_the_exit_code_follows_the_worst_result(found, code):
    assert of_results({API: found}) is code
