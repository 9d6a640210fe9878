"""`validate` warns about variables that this version does not read."""

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
NAMES = (
    "AUTH_SERVICE_URL",
    "HOKUSAI_AUTH_SERVICE_URL",
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
def test_a_variable_without_effect_is_named_on_stderr(
    document, capsys, monkeypatch, name
):
    monkeypatch.setenv(name, "not even valid")

    status = validate(document)

    captured = capsys.readouterr()
    assert status == 0
    assert captured.err == f"warning: {name} has no effect in this version; unset it\n"
    assert name not in captured.out


def test_a_variable_of_a_service_is_not_meant(document, capsys):
    assert validate(document) == 0
    assert capsys.readouterr().err == ""


def test_a_variable_that_is_set_to_nothing_is_not_set(document, capsys, monkeypatch):
    monkeypatch.setenv("AUTH_SERVICE_URL", " ")

    assert validate(document) == 0
    assert capsys.readouterr().err == ""


def test_an_invalid_document_keeps_its_exit_code(document, capsys, monkeypatch):
    monkeypatch.setenv("AUTH_SERVICE_URL", "https://auth.hokus.ai")
    document.write_text(DOCUMENT.replace("cpu: 256", "cpu: 3"))

    status = validate(document)

    assert status == 2
    assert capsys.readouterr().err.startswith("warning: AUTH_SERVICE_URL ")
