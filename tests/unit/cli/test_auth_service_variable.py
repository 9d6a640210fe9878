"""`validate` warns about AUTH_SERVICE_URL if the document does not use the service."""

import pytest

from controller.cli import main

DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform: {name: t, environment: development, account: "123456789012", region: us-east-1}
services:
  api:
    image: "web:1"
    cpu: 256
    memory: 512
    environment: {AUTH_SERVICE_URL: https://auth.hokus.ai}
"""
USED = 'access: {auth_service: {scopes: {"model:write": ["register:model/*"]}}}\n'
NAMES = ("AUTH_SERVICE_URL", "HOKUSAI_AUTH_SERVICE_URL")
WARNING = (
    "warning: AUTH_SERVICE_URL has no effect: declare access.auth_service in the "
    "document, or unset it\n"
)


@pytest.fixture
def document(tmp_path, monkeypatch):
    for name in (*NAMES, "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "hokusai.yaml"
    file.write_text(DOCUMENT)
    return file


def validate(file):
    return main(["validate", "-f", str(file)])


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_that_the_document_does_not_use_is_named_on_stderr(
    document, capsys, monkeypatch, name
):
    monkeypatch.setenv(name, "https://auth.hokus.ai")

    status = validate(document)

    captured = capsys.readouterr()
    assert (status, captured.err) == (0, WARNING)
    assert WARNING not in captured.out


def test_a_variable_that_the_document_uses_has_no_warning(
    document, capsys, monkeypatch
):
    monkeypatch.setenv("AUTH_SERVICE_URL", "https://auth.hokus.ai")
    document.write_text(DOCUMENT + USED)

    assert validate(document) == 0
    assert capsys.readouterr().err == ""


def test_a_variable_of_a_service_is_not_meant(document, capsys):
    assert validate(document) == 0
    assert capsys.readouterr().err == ""


def test_a_variable_that_is_set_to_nothing_is_not_set(document, capsys, monkeypatch):
    monkeypatch.setenv("AUTH_SERVICE_URL", " ")

    assert validate(document) == 0
    assert capsys.readouterr().err == ""
