"""``approve`` and ``rollback`` of a model, as a user runs them, on a real MLflow."""

import json
from itertools import count

import pytest
from jsonschema import Draft202012Validator

from controller.app.user import person
from controller.cli import main
from controller.cli.schemas import plan_schema, status_schema
from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.core.models.approvals import APPROVED_TAG
from controller.emulation.mlflow import MlflowServer
from tests.builders.running_controller import running

DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform:
  name: {name}
  environment: development
  account: "123456789012"
  region: us-east-1
models:
  leads:
    name: {name}
    versions:
      - source: s3://bucket/one
      - source: s3://bucket/two
    aliases:
      production:
        gates:
          approval: required
      staging: latest
"""
WHY = ("--reason", "it was evaluated", "--yes")
_NAMES = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as running_server:
        yield running_server


class Leads:
    """The document's model, as MLflow knows it."""

    def __init__(self, api, file, name):
        self.api, self.file, self.name = api, file, name

    def aliases(self):
        return {m.name: m.aliases for m in self.api.models()}[self.name]

    def tags(self, number):
        return next(
            v.tags
            for v in self.api.versions()
            if (v.model, v.number) == (self.name, number)
        )

    def edit(self, before, after):
        text = self.file.read_text()
        assert before in text
        self.file.write_text(text.replace(before, after))


@pytest.fixture
def leads(world, server, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    name = f"leads-{next(_NAMES)}"
    world.file.write_text(DOCUMENT.format(name=name))
    main(["apply", "--yes"])
    capsys.readouterr()
    with http_client(server.url) as http:
        yield Leads(MlflowApi(http), world.file, name)


def test_an_approved_version_is_promoted_and_no_other_one(leads, capsys):
    assert leads.aliases() == {"staging": 2}

    assert main(["approve", "model/leads", "1", *WHY]) == 1
    assert leads.aliases() == {"production": 1, "staging": 2}
    assert leads.tags(1)[APPROVED_TAG].endswith(": it was evaluated")
    assert "Alias production stays at version 1" in capsys.readouterr().out

    assert main(["approve", "model/leads", "2", *WHY]) == 0
    assert leads.aliases() == {"production": 2, "staging": 2}


def test_an_approval_that_is_repeated_keeps_the_first_one(leads, capsys):
    main(["approve", "model/leads", "2", *WHY])

    capsys.readouterr()

    assert main(["approve", "model/leads", "2", "--reason", "again", "--yes"]) == 0
    assert leads.tags(2)[APPROVED_TAG].endswith(": it was evaluated")
    assert "is approved already, by" in capsys.readouterr().err
    main(["history", "model/leads", "-o", "json"])
    assert "again" not in capsys.readouterr().out
    main(["audit", "list", "model/leads", "-o", "json"])
    assert '"again"' not in capsys.readouterr().out


def test_diff_status_and_why_name_the_gate_and_the_command(leads, capsys):
    main(["approve", "model/leads", "1", *WHY])
    capsys.readouterr()

    for command in (["diff"], ["status", "model/leads"], ["why", "model/leads"]):
        main(command)
        assert "approval is none, required: an approval" in capsys.readouterr().out
    assert main(["diff", "-o", "json"]) == 1
    (advice,) = json.loads(capsys.readouterr().out)["advice"]
    assert advice["reason"] == "ApprovalRequired"
    assert advice["command"] == "hokusai approve model/leads 2 --reason TEXT"


def test_status_and_diff_in_json_follow_their_schemas(leads, capsys):
    main(["approve", "model/leads", "1", *WHY])
    capsys.readouterr()

    for words, schema in ((["status"], status_schema()), (["diff"], plan_schema())):
        main([*words, "-o", "json"])
        data = json.loads(capsys.readouterr().out)
        assert [e.message for e in Draft202012Validator(schema).iter_errors(data)] == []


def test_a_gate_that_fails_can_be_accepted(leads):
    main(["approve", "model/leads", "1", *WHY])
    assert main(["diff"]) == 1

    leads.edit(
        "    aliases:\n",
        "    ignore: [{path: promotion.production, reason: version 2 is a trial}]\n"
        "    aliases:\n",
    )

    main(["apply", "--yes"])
    assert main(["diff"]) == 0


def test_a_forged_tag_does_not_pass(leads, capsys):
    main(["approve", "model/leads", "1", *WHY])
    leads.api.set_version_tag(leads.name, 2, APPROVED_TAG, "mallory: trust me")

    assert main(["apply", "--yes"]) == 1

    assert leads.aliases()["production"] == 1
    assert "not stored" in capsys.readouterr().out


def test_after_the_loss_of_the_store_the_version_must_be_approved_again(leads, capsys):
    main(["approve", "model/leads", "2", *WHY])
    for file in leads.file.parent.glob("store.db*"):
        file.unlink()

    assert main(["apply", "--yes"]) == 1
    capsys.readouterr()
    main(["diff"])
    told = capsys.readouterr().out
    assert "hokusai approve model/leads 2 --reason TEXT" in told
    assert leads.aliases()["production"] == 2

    assert main(["approve", "model/leads", "2", *WHY]) == 0


def test_an_approval_does_not_count_for_a_version_of_a_recreated_model(leads):
    main(["approve", "model/leads", "2", *WHY])
    leads.api._rest.request(
        "DELETE", "registered-models/delete", body={"name": leads.name}
    )

    main(["apply", "--yes"])

    assert leads.aliases() == {"staging": 2}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["approve", "model/leads", "9"],
            "version 9 does not exist: the versions are 1, 2",
        ),
        (["rollback", "model/leads"], "has several aliases: add --alias with one of"),
        (["rollback", "model/leads", "--alias", "x"], "has no alias x"),
        (
            ["rollback", "model/leads", "--alias", "staging", "--to", "5"],
            "cannot roll back",
        ),
        (["restart", "model/leads"], "its kind does not support `restart`"),
    ],
)
def test_an_impossible_operation_is_refused(leads, capsys, arguments, problem):
    before = leads.aliases()

    assert main([*arguments, *WHY]) == 2

    assert problem in capsys.readouterr().err
    assert leads.aliases() == before


def test_a_rollback_holds_the_alias_until_its_entry_changes(leads, capsys):
    for number in ("1", "2"):
        main(["approve", "model/leads", number, *WHY])

    assert main(["rollback", "model/leads", "--alias", "production", *WHY]) == 0
    assert leads.aliases()["production"] == 1
    assert main(["apply", "--yes"]) == 1
    assert leads.aliases()["production"] == 1
    capsys.readouterr()
    main(["diff"])
    told = capsys.readouterr().out
    assert "was rolled back to version 1" in told
    assert "hokusai rollback model/leads --alias production --undo" in told

    leads.edit("approval: required", "approval: required\n          minimum_age: 1s")
    assert main(["apply", "--yes"]) == 0
    assert leads.aliases()["production"] == 2


def test_a_lost_store_does_not_end_a_rollback(leads):
    assert main(["approve", "model/leads", "2", *WHY]) == 0
    assert main(["rollback", "model/leads", "--alias", "staging", *WHY]) == 0
    for file in leads.file.parent.glob("store.db*"):
        file.unlink()

    main(["apply", "--yes"])

    assert leads.aliases()["staging"] == 1


def test_undo_ends_a_rollback(leads):
    main(["approve", "model/leads", "2", *WHY])
    main(["rollback", "model/leads", "--alias", "staging", "--to", ":1", *WHY])
    assert leads.aliases()["staging"] == 1

    undo = ["rollback", "model/leads", "--alias", "staging", "--undo", *WHY]
    assert main(undo) == 0
    main(["apply", "--yes"])

    assert leads.aliases()["staging"] == 2
    assert main(undo) == 2


def test_the_controller_that_holds_the_lease_approves_and_rolls_back(leads):
    with running(leads.file.parent):
        assert main(["approve", "model/leads", "2", *WHY]) == 0
        assert leads.aliases()["production"] == 2

        alias = ("--alias", "staging", "--to", ":1")
        assert main(["rollback", "model/leads", *alias, *WHY]) == 0
        assert leads.aliases()["staging"] == 1


def test_history_shows_approvals_and_rollbacks_with_their_users(leads, capsys):
    for number in ("1", "2"):
        main(["approve", "model/leads", number, *WHY])
    rollback = ("rollback", "model/leads", "--alias", "production", "--to", "1")
    assert main([*rollback, "--reason", "wrong scores", "--yes"]) == 0
    capsys.readouterr()

    assert main(["history", "model/leads", "-o", "json"]) == 0

    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    by_event = {}
    for event in reversed(data["events"]):
        by_event.setdefault(event["event"], []).append(event)
    approved, (rolled_back,) = by_event["Approved"], by_event["RolledBack"]
    assert [event["version"] for event in approved] == [1, 2]
    assert (rolled_back["alias"], rolled_back["version"]) == ("production", 1)
    assert (rolled_back["by"], rolled_back["reason"]) == (person(), "wrong scores")
    assert len(by_event["Registered"]) == 2
