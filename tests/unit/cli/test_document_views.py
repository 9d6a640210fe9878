"""Valid and invalid documents in every format."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema

ROOT = Path(__file__).parents[3]
INVALID = ROOT / "specs/invalid/alias-to-nothing.yaml"


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("ENVIRONMENT", raising=False)


def test_a_valid_document_is_counted_by_kind(capsys):
    assert main(["validate"]) == 0

    text = capsys.readouterr().out
    assert text.startswith("hokusai.yaml (development) is valid: 6 endpoints, ")
    assert text.endswith("2 services, 1 webhook.\n")


@pytest.mark.parametrize(("file", "code"), [("hokusai.yaml", 0), (str(INVALID), 2)])
def test_json_follows_the_schema(capsys, file, code):
    assert main(["validate", "-o", "json", "-f", file]) == code

    data = json.loads(capsys.readouterr().out)
    assert [*Draft202012Validator(status_schema()).iter_errors(data)] == []


def test_a_warning_is_printed_and_does_not_make_the_document_invalid(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hokusai.yaml").write_text(
        "apiVersion: hokusai.ai/v1\n"
        'platform: {name: t, environment: development, account: "123456789012", '
        "region: us-east-1}\n"
        "services:\n"
        "  api: {image: hokusai/api:1, port: 80, health: {path: /api/v1/health}}\n"
    )

    as_text, told = main(["validate"]), capsys.readouterr()
    as_data, data = main(["validate", "-o", "json"]), capsys.readouterr()

    assert (as_text, as_data) == (0, 0)
    assert told.err.startswith("warning: hokusai.yaml:4:")
    assert "services.api.health.path" in told.err
    (warning,) = json.loads(data.out)["warnings"]
    assert (warning["line"], warning["path"]) == (4, "services.api.health.path")
