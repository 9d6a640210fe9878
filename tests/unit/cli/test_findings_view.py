"""What checks found, as people and programs read it."""

import json

import pytest
import yaml

from controller.cli.exit_codes import Exit, of_results
from controller.cli.views.findings import render_results
from controller.core.preflight import Finding, Passed, Severity, Skipped, Unseen
from controller.core.resource import ResourceId

API, WEB = ResourceId("service", "api"), ResourceId("service", "web")
GONE = Finding(
    "image", Severity.BLOCKS, "image", "api:1 is not in ECR.", "aws ecr x | y"
)
ODD = Finding("buckets", Severity.WARNS, "environment.A", "No versions.", "aws s3api z")
DENIED = Unseen("roles", "AccessDenied.", passing=False)
RESULTS = {
    WEB: (Passed("image"), DENIED),
    API: (GONE, ODD, Skipped("roles", "it declares none"), Passed("network")),
}


def test_people_read_every_check_with_its_reason_and_command():
    assert render_results(RESULTS, "table").splitlines() == [
        "service/api: 1 OK, 1 blocks, 1 warns, 1 skipped",
        "  CHECK    RESULT   WHY",
        "  image    blocks   image: api:1 is not in ECR.",
        "  buckets  warns    environment.A: No versions.",
        "  roles    skipped  because it declares none",
        "  network  OK",
        "  image: run: aws ecr x | y",
        "  buckets: run: aws s3api z",
        "service/web: 1 OK, 1 not seen",
        "  CHECK  RESULT    WHY",
        "  image  OK",
        "  roles  not seen  AccessDenied.",
        "2 resources looked at: 2 OK, 1 blocks, 1 warns, 1 not seen, 1 skipped",
    ]


def test_a_comment_on_a_change_holds_the_same():
    told = render_results(RESULTS, "markdown")

    assert told.startswith("**2 resources looked at: 2 OK, 1 blocks,")
    assert (
        "| service/api | image | blocks | image: api:1 is not in ECR. "
        "| `aws ecr x \\| y` |"
    ) in told


@pytest.mark.parametrize(
    ("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)]
)
def test_programs_get_fields(output, read):
    data = read(render_results(RESULTS, output))

    assert data["kind"] == "Preflight"
    assert [r["resource"] for r in data["resources"]] == ["service/api", "service/web"]
    assert data["resources"][0]["checks"][0] == {
        "check": "image",
        "result": "blocks",
        "path": "image",
        "message": "api:1 is not in ECR.",
        "command": "aws ecr x | y",
    }


def test_nothing_to_look_at_is_said():
    assert render_results({}, "table") == "0 resources looked at: no checks."
    assert render_results({}, "markdown") == "**0 resources looked at: no checks.**"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ((), Exit.OK),
        ((Passed("image"), Skipped("roles", "x")), Exit.OK),
        ((ODD,), Exit.DIFFERENT),
        ((GONE,), Exit.DIFFERENT),
        ((GONE, DENIED), Exit.FAILED),
    ],
)
def test_the_exit_status_says_whether_all_is_there(found, code):
    assert of_results({API: found}) is code
