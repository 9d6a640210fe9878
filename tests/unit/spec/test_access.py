"""Section `access`: keys, roles, bindings, limits, and every mistake in them."""

from datetime import timedelta
from re import search

import pytest

from controller.core.access.rate import RequestClass, RequestRate
from controller.core.access.scopes import known_scopes
from controller.core.access.tokens import TokenPolicy
from controller.core.access.validated_key import AuthServicePolicy
from controller.core.document.reference import SecretReference
from controller.spec.schema import document_schema
from tests.builders.documents import HEADER, KINDS, document, problems

ACCESS = """\
access:
  keys:
    dashboard:
      secret: {secretsmanager: "hokusai/keys:dashboard"}
      scopes: [status:read]
      rates: {control: 10/s burst 50}
  roles:
    reader: {scopes: [events:read, "!predict:model/secret"]}
    writer: {scopes: [mlflow:write]}
  bindings:
    - {role: reader, keys: [dashboard], subjects: ["service:website"]}
    - {role: writer, subjects: ["service:website"], groups: [data-science]}
  public: [models]
  limits: {predict: 5/s}
"""


def test_access_is_read_with_the_scopes_of_the_roles():
    policy = document(ACCESS).access

    key = policy.keys["dashboard"]
    assert key.secret == SecretReference(secretsmanager="hokusai/keys:dashboard")
    assert key.scopes == ("status:read", "events:read", "!predict:model/secret")
    assert key.rates == {RequestClass.CONTROL: RequestRate(10, 1, 50)}
    assert policy.public == {"models"}
    assert policy.limits == {RequestClass.PREDICT: RequestRate(5, 1, 5)}


def test_a_subject_has_the_scopes_of_its_bindings_and_of_its_groups():
    policy = document(ACCESS).access

    assert policy.scopes_of("service:website", ()) == (
        *("events:read", "!predict:model/secret", "mlflow:write"),
    )
    assert policy.scopes_of("ada", ["other", "data-science"]) == ("mlflow:write",)
    assert policy.scopes_of("ada", []) == ()


def test_a_document_without_access_permits_nothing():
    policy = document().access

    assert (policy.keys, policy.public, policy.limits) == ({}, frozenset(), {})


def test_the_digest_follows_the_access():
    without, with_access = document(), document(ACCESS)

    assert without.digest != with_access.digest
    assert with_access.digest == document(ACCESS).digest
    assert with_access.digest != document(ACCESS.replace("5/s", "6/s")).digest


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "status:read]",
            "status:red]",
            (
                "11:16: access.keys.dashboard.scopes[0]: status:red is no scope; did you "
                "mean status:read?"
            ),
        ),
        (
            "status:read]",
            "predict]",
            (
                "11:16: access.keys.dashboard.scopes[0]: requires a model; write "
                "predict:model/*"
            ),
        ),
        (
            "status:read]",
            "xyz]",
            (
                "11:16: access.keys.dashboard.scopes[0]: xyz is no scope; the guide lists "
                "the scopes"
            ),
        ),
        (
            "status:read]",
            '"!alias:models/a@b"]',
            (
                "11:16: access.keys.dashboard.scopes[0]: alias:models/a@b is no scope; did "
                "you mean alias:model/*@*?"
            ),
        ),
        (
            "10/s burst 50",
            "fast",
            (
                "12:24: access.keys.dashboard.rates.control: is not a rate; write, for "
                "example, 600/min or 10/s burst 50"
            ),
        ),
        (
            "role: reader,",
            "role: reeder,",
            (
                "17:14: access.bindings[0].role: there is no role reeder; did you mean "
                "reader?"
            ),
        ),
        (
            "keys: [dashboard]",
            "keys: [dashbord]",
            (
                "17:29: access.bindings[0].keys[0]: there is no key dashbord; did you mean "
                "dashboard?"
            ),
        ),
        (
            'subjects: ["service:website"], groups: [data-science]',
            "subjects: []",
            "18:7: access.bindings[1]: has no callers; add keys, subjects or groups",
        ),
        (
            "writer: {scopes: [mlflow:write]}",
            "writer: {scopes: [mlflow:write, mlflow:write]}",
            "15:37: access.roles.writer.scopes[1]: repeats mlflow:write; remove it",
        ),
        (
            "scopes: [status:read]",
            "scopes: [events:read]",
            (
                "17:29: access.bindings[0].keys[0]: has events:read twice: by its own "
                "scopes and by this binding; remove one of them"
            ),
        ),
        (
            "[models]",
            "[model]",
            "19:12: access.public[0]: must be models",
        ),
    ],
)
def test_a_mistake_is_located_and_explained(before, after, expected):
    body = ACCESS.replace(before, after, 1)

    assert f"hokusai.yaml:{expected}" in problems(body)


def test_a_key_without_permissions_is_a_mistake():
    (problem,) = problems("access: {keys: {a: {secret: {env: A}}}}\n")

    assert problem.endswith("permits nothing; add scopes, or bind the key to a role")


def test_the_text_of_a_key_in_the_document_is_refused_and_not_repeated():
    text = "hk_live_" + "a" * 46

    (problem,) = problems(f"access: {{keys: {{a: {{secret: {text}}}}}}}\n")

    assert "secrets are not allowed in the document" in problem
    assert text not in problem


def test_overlays_change_single_entries():
    overlay = "access: {keys: {dashboard: {scopes: [audit:read]}}, public: null}\n"
    files = {"specs/environments/staging.yaml": overlay}

    policy = document(ACCESS, files=files, environment="staging").access

    assert "audit:read" in policy.keys["dashboard"].scopes
    assert policy.public == frozenset()


def test_the_schema_accepts_the_scopes_that_the_program_accepts():
    role = document_schema(KINDS)["$defs"]["RoleSection"]
    pattern = role["properties"]["scopes"]["items"]["pattern"]

    for text in known_scopes():
        assert search(pattern, text), text
        assert search(pattern, f"!{text}"), text
    assert not any(
        search(pattern, t) for t in ("status:red", "predict", "alias:model/a")
    )


TOKENS = """\
access:
  tokens:
    issuer: https://auth.hokus.ai
    audience: api.hokus.ai
    jwks: https://auth.hokus.ai/jwks
    scopes: {"model:read": [models:read]}
    max_life: 15m
"""
LOCAL = HEADER.replace("development", "local")


def test_tokens_are_read_and_are_off_by_default():
    policy = document(TOKENS).access.tokens

    assert policy == TokenPolicy(
        "https://auth.hokus.ai",
        "api.hokus.ai",
        "https://auth.hokus.ai/jwks",
        {"model:read": ("models:read",)},
        longest=timedelta(minutes=15),
    )
    assert document(ACCESS).access.tokens is None


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_keys_of_tokens_come_from_this_machine_in_the_local_environment(host):
    body = TOKENS.replace("https://auth.hokus.ai/jwks", f"http://{host}/jwks")

    assert document(body, header=LOCAL).access.tokens is not None
    assert problems(body) == [
        (
            "hokusai.yaml:11:11: access.tokens.jwks: must begin with https://; plain http "
            "is for addresses of this machine in environment local"
        )
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://auth.hokus.ai/jwks",
        "http://localhost.evil.example/jwks",
        "http://127.0.0.1.evil.example/jwks",
        "http://127.0.0.1@evil.example/jwks",
        "file:///etc/keys",
        "https://user:password@auth.hokus.ai/jwks",
    ],
)
def test_keys_of_tokens_come_from_nowhere_else(url):
    body = TOKENS.replace("https://auth.hokus.ai/jwks", url)

    (problem,) = problems(body, header=LOCAL)
    assert problem.startswith("hokusai.yaml:11:11: access.tokens.jwks: ")
    assert "password" not in problem


def test_a_long_life_of_tokens_is_a_mistake():
    (problem,) = problems(TOKENS.replace("15m", "2d"))

    assert "max_life: must be 60 to 86400 seconds" in problem


def test_the_authentication_service_is_off_by_default():
    body = 'access: {auth_service: {scopes: {"model:write": ["register:model/*"]}}}\n'

    assert document(body).access.auth_service == AuthServicePolicy(
        "", "platform", {"model:write": ("register:model/*",)}
    )
    assert document(ACCESS).access.auth_service is None


def test_a_service_id_that_the_authentication_service_does_not_know_is_a_mistake():
    body = "access: {auth_service: {service_id: platfrom, scopes: {a: [admin]}}}\n"

    (problem,) = problems(body)

    assert problem.endswith("did you mean platform?")
