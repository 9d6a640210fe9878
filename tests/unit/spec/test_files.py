"""Includes, overlays and the choice of an environment."""

import pytest

from controller.core.document.resource import ResourceId
from controller.spec.environment_defaults import EnvironmentDefault
from tests.builders.documents import HEADER, MAIN, document, overlay, problem, problems

API = ResourceId("service", "api")
SERVICE = "services:\n  api: {image: a, environment: {A: x}, command: [one, two]}\n"


def test_fragments_add_to_sections_and_may_include_more():
    found = document(
        "include: [specs/one.yaml]\nexperiments: {a: {}}\n",
        files={
            "specs/one.yaml": "include: [two.yaml]\nexperiments: {b: {}}\n",
            "specs/two.yaml": "experiments: {c: {}}\nmodels: {m: {}}\n",
        },
    )

    assert sorted(map(str, found.resources)) == [
        "experiment/a",
        "experiment/b",
        "experiment/c",
        "model/m",
    ]
    assert found.files == (MAIN, "specs/one.yaml", "specs/two.yaml")


def test_a_problem_in_a_fragment_names_the_fragment():
    found = problem(
        "include: [more.yaml]\n", files={"more.yaml": "models: {m: {nam: x}}"}
    )

    assert found.startswith("more.yaml:1:14: models.m.nam: is not a known field")


def test_an_entry_in_two_files_names_both():
    found = problem(
        "include: [more.yaml]\nexperiments: {a: {}}\n",
        files={"more.yaml": "experiments:\n  a: {}\n"},
    )

    assert found == (
        "more.yaml:2:3: experiments.a: is declared twice, first in "
        f"{MAIN}:8:15; keep one of them"
    )


def test_fragments_that_include_each_other_are_a_loop():
    found = problem(
        "include: [a.yaml]\n",
        files={"a.yaml": "include: [b.yaml]", "b.yaml": "include: [a.yaml]"},
    )

    assert "includes itself: a.yaml → b.yaml → a.yaml" in found


def test_a_fragment_has_no_platform():
    found = problem("include: [a.yaml]\n", files={"a.yaml": "platform: {name: x}"})

    assert (
        found == "a.yaml:1:1: platform: is only allowed in the main file; move it there"
    )


def test_an_empty_fragment_is_fine():
    assert (
        document("include: [a.yaml]\n", files={"a.yaml": "# later\n"}).resources == {}
    )


def test_a_broken_fragment_does_not_hide_other_problems():
    found = problems(
        "include: [a.yaml]\nmodels: {m: {nam: x}}\n", files={"a.yaml": "x: [\n"}
    )

    assert len(found) == 2
    assert found[1].startswith("a.yaml:2:1: is not valid YAML")


def test_an_overlay_merges_maps_replaces_lists_and_removes_with_null():
    found = document(
        SERVICE + "experiments: {gone: {}}\n",
        files={
            overlay("development"): "services:\n"
            "  api: {environment: {B: y}, command: [three]}\n"
            "experiments: {gone: null}\n"
        },
    )

    assert list(found.resources) == [API]
    assert found.resources[API].spec.environment == {"A": "x", "B": "y"}
    assert found.resources[API].spec.command == ("three",)


def test_a_problem_names_the_file_that_won():
    found = problem(
        SERVICE, files={overlay("development"): "services:\n  api:\n    port: 0\n"}
    )

    assert found.startswith(f"{overlay('development')}:3:11: services.api.port: ")


def test_an_overlay_that_removes_nothing_is_a_mistake():
    found = problem(SERVICE, files={overlay("development"): "services: {ap: null}\n"})

    assert found.endswith(
        "services.ap: removes an undeclared resource; did you mean api?"
    )


def test_an_overlay_of_comments_changes_nothing():
    found = document(SERVICE, files={overlay("development"): "# nothing differs\n"})

    assert found.digest == document(SERVICE).digest


def test_an_overlay_cannot_include():
    found = problem(files={overlay("development"): "include: [a.yaml]\n"})

    assert "include: is not allowed in an overlay" in found


def test_an_overlay_cannot_claim_another_environment():
    found = problem(
        files={overlay("development"): "platform: {environment: staging}\n"}
    )

    assert found.endswith(
        "platform.environment: must be development, according to the file name"
    )


@pytest.mark.parametrize(
    ("argument", "variable", "expected"),
    [
        (None, None, "development"),
        (None, "staging", "staging"),
        ("local", "staging", "local"),
        ("development", None, "development"),
    ],
)
def test_the_environment_is_the_argument_then_the_variable_then_the_document(
    argument, variable, expected
):
    found = document(
        SERVICE,
        environment=argument,
        environ={"ENVIRONMENT": variable} if variable else {},
        files={
            overlay(e): f"services: {{api: {{command: [{e}]}}}}"
            for e in ("development", "staging", "local")
        },
    )

    assert found.platform.environment == expected
    assert found.resources[API].spec.command == (expected,)
    assert found.resources[API].spec.name == f"hokusai-api-{expected}"
    assert len(found.fills) == (expected != "development")


def test_who_chose_the_environment_is_recorded():
    assert document(environ={"ENVIRONMENT": "local"}).fills == (
        EnvironmentDefault(
            "platform.environment", "ENVIRONMENT", "environment", "local"
        ),
    )
    assert document(environment="local").fills == (
        EnvironmentDefault(
            "platform.environment", "--environment", "argument", "local"
        ),
    )


def test_an_unknown_environment_is_refused_whoever_says_it():
    by_variable = problem(environ={"ENVIRONMENT": "prod"})
    by_argument = problem(environment="prod")

    assert by_variable.endswith(
        "platform.environment: ENVIRONMENT is not an environment; "
        "did you mean production?"
    )
    assert "--environment is not an environment" in by_argument


def test_the_region_is_filled_where_the_document_names_none():
    header = HEADER.replace("  region: us-east-1\n", "")
    environ = {"AWS_DEFAULT_REGION": "eu-west-1"}

    filled = document(header=header, environ=environ)
    written = document(environ=environ)

    assert filled.platform.region == "eu-west-1"
    assert [fill.variable for fill in filled.fills] == ["AWS_DEFAULT_REGION"]
    assert (written.platform.region, written.fills) == ("us-east-1", ())
    assert filled.digest != written.digest


def test_a_bad_filled_value_names_its_variable():
    header = HEADER.replace("  region: us-east-1\n", "")

    found = problem(header=header, environ={"AWS_REGION": "Virginia"})

    assert found.startswith("$AWS_REGION:1:1: platform.region: must be an AWS region")


def test_webhook_variables_alone_make_a_target():
    environ = {
        "WEBHOOK_URL": "https://h/hook",
        "WEBHOOK_SECRET_KEY": "s3cret",
        "WEBHOOK_TIMEOUT": "12",
    }

    found = document(environ=environ)

    (resource,) = found.resources.values()
    assert str(resource.id) == "webhook/default"
    assert (resource.spec.url, resource.spec.timeout) == ("https://h/hook", 12)
    assert str(resource.spec.secrets[0]) == "env:WEBHOOK_SECRET_KEY"
    assert [fill.path for fill in found.fills] == [
        "webhooks.default.url",
        "webhooks.default.timeout",
        "webhooks.default.secrets[0]",
    ]
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("body", "environ"),
    [
        ("webhooks: {}\n", {"WEBHOOK_URL": "https://h", "WEBHOOK_SECRET": "s"}),
        ("", {"WEBHOOK_URL": "https://h"}),
        ("", {"WEBHOOK_SECRET": "s"}),
    ],
    ids=["declared", "url-only", "secret-only"],
)
def test_webhook_variables_do_nothing_otherwise(body, environ):
    assert document(body, environ=environ).resources == {}


@pytest.mark.parametrize("secret", [{}, {"WEBHOOK_SECRET": " \n"}])
def test_a_webhook_url_without_a_secret_is_a_warning(secret):
    found = document(environ={"WEBHOOK_URL": "https://h", **secret})

    (warning,) = found.warnings
    assert str(warning).startswith("$WEBHOOK_URL:1:1: webhooks.default.url: has no ")
    assert "WEBHOOK_SECRET is not set or blank" in str(warning)


@pytest.mark.parametrize(
    ("body", "environ"),
    [
        ("webhooks: {}\n", {"WEBHOOK_URL": "https://h"}),
        ("", {"WEBHOOK_URL": "https://h", "HOKUSAI_SITE_WEBHOOK_SECRET": "s"}),
        ("", {"WEBHOOK_SECRET": "s"}),
    ],
    ids=["declared", "both", "secret-only"],
)
def test_other_webhook_variables_are_no_warning(body, environ):
    assert document(body, environ=environ).warnings == ()


def test_a_missing_document_says_how_to_name_one():
    def read(file: str) -> bytes:
        raise FileNotFoundError(file)

    assert (
        problem(read=read)
        == f"{MAIN}:1:1: does not exist; select a document with -f FILE"
    )


def test_a_document_that_may_not_be_read_says_why():
    def read(file: str) -> bytes:
        raise PermissionError(13, "Permission denied", file)

    assert problem(read=read) == f"{MAIN}:1:1: cannot be read: Permission denied"


def test_a_document_of_more_than_10_mb_is_refused_unread():
    found = problem("#" * (10 * 1024 * 1024))

    assert "the maximum is 10485760; split it with include" in found


def test_what_the_environment_adds_hides_no_mistake():
    found = problem(
        header="apiVersion: hokusai.ai/v1\nplatform: hokusai\n",
        environ={"AWS_REGION": "eu-west-1", "ENVIRONMENT": "local"},
    )

    assert "2:11: platform: must be a mapping, not text" in found
