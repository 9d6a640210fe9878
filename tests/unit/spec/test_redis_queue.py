"""A Redis queue in the document, and its phase in the document or the environment."""

import pytest

from controller.core.document.resource import ResourceId
from tests.builders.documents import document, problem, problems

HOOK = """webhooks:
  site:
    url: https://hokus.ai/hook
    secrets: [{env: WEBHOOK_SECRET}]
    redis: {%s}
"""
URL = "url: 'rediss://cache.example.com:6379/0'"
FLAG = "ENABLE_REDIS_FALLBACK"


def declared(text, environ=None):
    found = document(HOOK % text, environ=environ or {})
    return found.resources[ResourceId("webhook", "site")].spec


@pytest.mark.parametrize(
    ("environ", "phase"),
    [
        ({}, "webhook_only"),
        ({FLAG: "true"}, "dual"),
        ({FLAG: "True"}, "dual"),
        ({FLAG: "false"}, "webhook_only"),
        ({FLAG: " "}, "webhook_only"),
    ],
    ids=["unset", "true", "True", "false", "empty"],
)
def test_a_phase_that_is_not_declared_comes_from_the_environment(environ, phase):
    assert declared(URL, environ).phase == phase


def test_the_phase_of_the_environment_is_on_record():
    (fill,) = document(HOOK % URL, environ={FLAG: "true"}).fills

    assert (fill.path, fill.variable, fill.value) == (
        "webhooks.site.redis.phase",
        FLAG,
        "dual",
    )


def test_a_target_without_redis_uses_the_webhook_only():
    body = HOOK.replace("    redis: {%s}\n", "")

    spec = document(body).resources[ResourceId("webhook", "site")].spec

    assert spec.phase == "webhook_only"


@pytest.mark.parametrize(
    ("phase", "value"),
    [("webhook_only", "true"), ("dual", "false"), ("webhook_primary", "FALSE")],
)
def test_a_phase_that_the_environment_contradicts_is_refused(phase, value):
    found = problem(HOOK % f"{URL}, phase: {phase}", environ={FLAG: value})

    assert found == (
        f"hokusai.yaml:11:62: webhooks.site.redis.phase: is {phase}, but {FLAG} is "
        f"{value.lower()}; unset the variable: the document alone declares the phase"
    )


@pytest.mark.parametrize(
    ("phase", "value"),
    [("webhook_only", "false"), ("dual", "true"), ("webhook_primary", "true")],
)
def test_a_phase_that_the_environment_confirms_is_accepted(phase, value):
    assert declared(f"{URL}, phase: {phase}", {FLAG: value}).phase == phase


def test_the_environment_without_a_queue_is_a_warning():
    found = document("experiments: {a: {}}\n", environ={FLAG: "true"}).warnings

    assert [str(warning) for warning in found] == [
        (
            "hokusai.yaml:1:1: webhooks: ENABLE_REDIS_FALLBACK is true, but no webhook "
            "declares a Redis queue; declare webhooks.NAME.redis, or unset the variable"
        )
    ]


def test_a_connection_that_the_last_phase_does_not_use_is_a_warning():
    (warning,) = document(HOOK % f"{URL}, phase: webhook_only").warnings

    assert "webhooks.site.redis: is a connection to Redis that the phase" in str(
        warning
    )
    assert document(HOOK % f"{URL}, phase: dual").warnings == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("url: 'redis://cache.example.com:6379'", "redis:// only on this machine"),
        ("url: 'rediss://:token@cache.example.com'", "looks like credentials in a URL"),
        ("url: 'rediss://cache.example.com/a'", "must be a URL as in rediss://"),
        ("url: 'rediss://cache.example.com:x'", "has an invalid port or address"),
        ("url: 'https://cache.example.com'", "must be a URL as in rediss://"),
        ("phase: dual", "is missing"),
        (f"{URL}, phase: triple", "must be"),
        (f"{URL}, token: secret", "looks like a secret"),
        (f"{URL}, advance_after: -1", "must be"),
    ],
    ids=[
        *("plain", "password", "database", "port", "scheme"),
        *("no url", "phase", "literal token", "negative"),
    ],
)
def test_a_queue_that_is_not_valid_says_why(text, words):
    found = "\n".join(problems(HOOK % text))

    assert "webhooks.site.redis" in found
    assert words in found
    assert ":token@" not in found


@pytest.mark.parametrize("host", ["127.0.0.1:6379", "localhost", "[::1]:6379/1"])
def test_this_machine_needs_no_tls(host):
    assert declared(f"url: 'redis://{host}'").redis.url == f"redis://{host}"
