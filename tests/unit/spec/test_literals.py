"""Secrets that were written into the document."""

import pytest

from controller.spec.literals import literal_secrets
from controller.spec.parser import parse


def told(text):
    node = parse(text, "f", [])
    return [d.problem for d in literal_secrets(node)] if node else []


@pytest.mark.parametrize(
    ("item", "secrets"),
    [
        ("{name: DB_PASSWORD, value: mlflow}", 1),
        ("{name: DB_NAME, value: mlflow}", 0),
        ("{key: api_key, value: abc}", 1),
        ("{name: DB_PASSWORD, valueFrom: /app/password}", 0),
    ],
)
def test_a_value_with_its_name_beside_it_goes_by_that(item, secrets):
    found = told(f"containerDefinitions: [{{name: app, environment: [{item}]}}]")

    assert len(found) == secrets


def test_the_key_of_a_tag_is_a_name_however_long():
    assert told("tags: [{key: 'aws:cloudformation:stack-name', value: web}]") == []
    assert len(told("tags: [{key: api_key, value: abc}]")) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "mlflow"),
        ("password", "mlflow"),
        ("MLFLOW_TRACKING_TOKEN", "abc"),
        ("REDIS_AUTH_TOKEN_2", "abc"),
        ("HUGGINGFACE_API_KEY", "hf"),
        ("AWS_SECRET_ACCESS_KEY", "abc"),
        ("webhook-secret", "abc"),
        ("SSH_PRIVATE_KEY", "abc"),
        ("SIGNING_KEY", "q8Zt3vLx0WbY7rKdP2mNc5Jf"),
        ("ANYTHING", "AKIAIOSFODNN7EXAMPLE"),
        ("ANYTHING", "postgresql://mlflow:pw@db/mlflow_db"),
        ("ANYTHING", "redis://:pw@redis:6379"),
        ("ANYTHING", "ghp_0123456789abcdefghijABCDEFGHIJ"),
        ("ANYTHING", "hk_live_0123456789abcdef"),
        ("ANYTHING", "'-----BEGIN RSA PRIVATE KEY-----'"),
    ],
)
def test_what_looks_like_a_secret_is_one(name, value):
    assert len(told(f"environment: {{{name}: {value}}}")) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_HOST", "db.example.com"),
        ("TOKEN_SYMBOL", "LSCOR"),
        ("hokusai_token_id", "lscor"),
        ("MLFLOW_TRACKING_TOKEN_SECRET_ARN", "arn"),
        ("AUTH_SERVICE_URL", "https://auth.hokus.ai/api?x=1:2@3"),
        ("CONTRIBUTION_REQUIRE_TOKEN", "'true'"),
        ("DB_PASSWORD", "''"),
        ("SORT_KEY", "created_at"),
        ("OBJECT_KEY", "datasets/2026/leads/training-set.parquet"),
        ("PRIMARY_KEY", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("MAIL", "'user:name@example.com'"),
    ],
)
def test_what_only_sounds_like_a_secret_is_none(name, value):
    assert told(f"environment: {{{name}: {value}}}") == []


def test_a_reference_is_no_secret():
    assert told("secrets: {DB_PASSWORD: {ssm: /hokusai/db/password}}") == []


def test_the_hint_says_how_to_refer_to_it_without_the_value():
    node = parse("environment: {DB_PASSWORD: hunter2}", "f", [])
    assert node is not None

    (problem,) = literal_secrets(node)

    assert 'DB_PASSWORD: {secretsmanager: "name:key"}' in problem.hint
    assert "hunter2" not in str(problem)
