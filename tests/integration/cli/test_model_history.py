"""``history model/NAME`` and the metadata of models, on a real MLflow server."""

import json
import sqlite3

import pytest
from jsonschema import Draft202012Validator

from controller.app.user import person
from controller.cli import main
from controller.cli.schemas import status_schema
from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.emulation.mlflow import MlflowServer

DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform:
  name: t
  environment: development
  account: "123456789012"
  region: us-east-1
models:
  leads:
    name: Sales leads
    id: "27"
    token_symbol: LEADS
    benchmark: {metric: accuracy, baseline: 0.65}
    versions: [{source: "s3://bucket/first"}]
    aliases: {production: 1}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as running:
        yield running


@pytest.fixture
def api(server):
    with http_client(server.url) as http:
        yield MlflowApi(http)


def applied(capsys):
    assert main(["apply", "--yes"]) == 0, capsys.readouterr().err
    capsys.readouterr()


def rows(folder, query):
    connection = sqlite3.connect(folder / "store.db")
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_the_history_and_the_metadata_of_a_model(
    world, here, api, server, capsys, monkeypatch
):
    """The document registers version 1, another program version 2, which is promoted."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("HOKUSAI_COMMIT", "4f2a9c1")
    world.file.write_text(DOCUMENT)
    applied(capsys)
    api.create_version("Sales leads", "s3://bucket/second", "", {"token": "other"})
    monkeypatch.setenv("HOKUSAI_COMMIT", "8be5d03")
    world.edit("production: 1", "production: 2")
    applied(capsys)

    assert main(["history", "model/leads", "-o", "json"]) == 0

    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    found = {(e["event"], e["version"]): e for e in data["events"]}
    assert [*found] == [
        ("Promoted", 2),
        ("Registered", 2),
        ("Promoted", 1),
        ("Registered", 1),
    ]
    promoted, stranger = found["Promoted", 2], found["Registered", 2]
    assert (promoted["alias"], promoted["before"]) == ("production", 1)
    assert (promoted["by"], promoted["commit"]) == (person(), "8be5d03")
    assert (stranger["by"], stranger["commit"]) == ("", "")
    first = found["Registered", 1]
    assert (first["by"], first["commit"]) == (person(), "4f2a9c1")

    for columns in ("60", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(["history", "model/leads"]) == 0
        printed = capsys.readouterr().out
        assert max(map(len, printed.splitlines())) <= int(columns)
        assert "1 -> 2" in printed

    query = "select number, model_id, token_symbol, baseline_metrics, source, status"
    assert rows(here, f"{query} from model_metadata order by number") == [
        (1, "27", "LEADS", '{"accuracy":0.65}', "s3://bucket/first", "READY"),
        (2, "27", "LEADS", '{"accuracy":0.65}', "s3://bucket/second", "READY"),
    ]
    assert main(["audit", "verify"]) == 0


def test_an_alias_of_a_version_that_the_same_action_registers_is_a_promotion(
    world, server, capsys, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    # Another owner: the model of the other test is not undeclared.
    text = DOCUMENT.replace("Sales leads", "Other leads").replace("name: t", "name: u")
    world.file.write_text(text)
    applied(capsys)
    shown = {}
    for words in ((), ("-o", "markdown")):
        assert main(["history", "model/leads", *words]) == 0
        shown[words] = capsys.readouterr().out

    assert "Promoted" in shown[()]
    assert shown["-o", "markdown"].startswith("| time | event |")
