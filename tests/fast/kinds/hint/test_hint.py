"""Comparison of the declared hint with the webhook in MLflow."""

import re
from dataclasses import replace

import pytest

from controller.core.document.mlflow import HintSpec
from controller.core.models.registry_webhooks import RegistryWebhook, WebhookContent
from controller.core.values.identity import APPLIED_TAG
from controller.kinds.hint.compare import (
    EVENTS,
    KEY_TAG,
    compare,
    description,
    findings,
    fingerprint,
    recorded,
    webhook_name,
)
from controller.kinds.hint.prerequisites import (
    KEY,
    PRIVATE,
    SCHEMES,
    missing_variables,
    refusal_advice,
)
from controller.kinds.hint.state import HintState

URL = "http://controller.hokusai-local.local:8002/hints/mlflow"
SPEC = HintSpec.model_validate({"url": URL, "secret": {"env": "HINT"}})
TEXT = description("v1:g", fingerprint("secret"))
WEBHOOK = RegistryWebhook("1", "hokusai.local.hint", URL, EVENTS, TEXT)
IN_SYNC = HintState((WEBHOOK,), fingerprint("secret"))


def paths(state: HintState) -> list[str]:
    return [change.path for change in compare(SPEC, state)]


def test_a_webhook_as_declared_has_no_changes():
    assert paths(IN_SYNC) == []
    assert findings(SPEC, IN_SYNC) == ()


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        ({"url": "https://elsewhere.example/"}, "url"),
        ({"events": frozenset({"MODEL_VERSION.CREATED"})}, "events"),
        ({"active": False}, "status"),
        ({"description": description("v1:g", fingerprint("other"))}, "secret"),
        ({"description": "edited by hand"}, "secret"),
    ],
)
def test_each_field_that_was_edited_is_a_change(edit, path):
    state = replace(IN_SYNC, webhooks=(replace(WEBHOOK, **edit),))

    assert paths(state) == [path]


def test_a_copy_is_deleted_and_the_oldest_webhook_stays():
    copy = replace(WEBHOOK, id="2")

    assert paths(replace(IN_SYNC, webhooks=(WEBHOOK, copy))) == ["copies.2"]


def test_a_secret_that_cannot_be_read_is_reported_and_is_no_change():
    state = replace(IN_SYNC, key="", secret_problem="env:HINT is not set")

    assert paths(state) == []
    assert [f.path for f in findings(SPEC, state)] == ["secret"]


def test_a_server_without_webhooks_is_reported_and_is_no_change():
    state = HintState(unavailable="mlflow GET webhooks was refused: 404")

    assert paths(state) == []
    (finding,) = findings(SPEC, state)
    assert "only found by polling" in finding.message


def test_the_changes_show_no_secret():
    state = replace(IN_SYNC, key=fingerprint("s3cret"))

    assert "s3cret" not in str(compare(SPEC, state))
    assert "s3cret" not in repr(WebhookContent(URL, EVENTS, "s3cret", TEXT))


def test_the_description_records_generation_and_secret():
    assert recorded(TEXT, APPLIED_TAG) == "v1:g"
    assert recorded(TEXT, KEY_TAG) == fingerprint("secret")
    assert recorded("by hand", KEY_TAG) is None


def test_a_fingerprint_differs_by_secret_and_is_short():
    assert fingerprint("a") != fingerprint("b")
    assert re.fullmatch("[0-9a-f]{8}", fingerprint("a"))


def test_mlflow_accepts_the_name_of_the_longest_platform():
    name = webhook_name(f"{'p' * 32}/development")

    assert re.fullmatch("[a-zA-Z0-9][a-zA-Z0-9._-]{0,60}[a-zA-Z0-9]", name)


@pytest.mark.parametrize(
    ("url", "environment", "secrets", "names"),
    [
        (URL, {}, (), [SCHEMES, PRIVATE, KEY]),
        (URL, {SCHEMES: "HTTP, https", PRIVATE: "True"}, (KEY,), []),
        (URL, {SCHEMES: "https", PRIVATE: "false", KEY: "k"}, (), [SCHEMES, PRIVATE]),
        ("https://10.0.1.2/hints/mlflow", {}, (KEY,), [PRIVATE]),
        ("https://hints.hokus.ai/hints/mlflow", {}, (KEY,), []),
        ("https://8.8.8.8/hints/mlflow", {}, (), [KEY]),
        ("http://localhost:8002/hints/mlflow", {SCHEMES: "http"}, (KEY,), [PRIVATE]),
    ],
)
def test_the_variables_that_mlflow_lacks_are_named(url, environment, secrets, names):
    assert [v.name for v in missing_variables(url, environment, secrets)] == names


@pytest.mark.parametrize(
    ("message", "variable"),
    [
        ("Invalid webhook URL scheme: 'http'. Allowed schemes are: https.", SCHEMES),
        ("Webhook URL must not resolve to a non-public IP address.", PRIVATE),
        ("mlflow GET webhooks failed: 500 INTERNAL_ERROR: ", KEY),
    ],
)
def test_a_refusal_of_mlflow_names_the_variable(message, variable):
    assert variable in refusal_advice(message)


def test_another_error_names_none():
    assert refusal_advice("503 TEMPORARILY_UNAVAILABLE") == ""
