"""``audit``, which reads the database."""

import json
import sqlite3

import pytest
from jsonschema import Draft202012Validator

from controller.app.user import person
from controller.cli import main
from controller.cli.schemas import status_schema
from tests.builders.command_line import API, MLFLOW


@pytest.fixture
def audited(recorded, here):
    """Three rows: api, mlflow, api."""
    for target in (API, MLFLOW, API):
        recorded.failed(target, "denied")
    return here


def forge(folder, statement):
    with sqlite3.connect(folder / "store.db") as connection:
        connection.execute(statement)
    connection.close()


def checked(text):
    """Return the output as data, which follows its schema."""
    data = json.loads(text)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    return data


def listed(capsys, *words):
    assert main(["audit", "list", *words, "-o", "json"]) == 0
    return checked(capsys.readouterr().out)["rows"]


def test_rows_are_listed_newest_first_and_by_resource(audited, capsys):
    assert [row["id"] for row in listed(capsys)] == [3, 2, 1]
    assert [row["id"] for row in listed(capsys, "-n", "1")] == [3]
    assert [row["id"] for row in listed(capsys, "service/mlflow")] == [2]


def test_a_row_has_every_column_of_the_table(audited, capsys):
    (row,) = listed(capsys, "-n", "1")

    assert (row["action"], row["kind"], row["name"]) == ("update", "service", "api")
    assert (row["outcome"], row["reason"]) == ("Failed", "Drifted")
    assert row["details"]["message"] == "denied"
    assert row["previous"]


@pytest.mark.parametrize("columns", ["60", "120"])
def test_the_table_fits_the_terminal(audited, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)

    assert main(["audit", "list"]) == 0

    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= int(columns)
    assert printed.count("service/api") == 2


def executed(capsys):
    capsys.readouterr()
    return [
        (row["action"], row["name"], row["outcome"], row["reason"])
        for row in reversed(listed(capsys, "-n", "50"))
    ]


def test_apply_has_a_row_for_each_action_and_one_for_its_end(
    world, capsys, monkeypatch
):
    monkeypatch.setenv("HOKUSAI_COMMIT", "4f2a9c1")
    assert main(["apply", "--yes"]) == 0

    rows = executed(capsys)
    assert rows[0][:2] == ("create", "mlflow")
    assert ("create", "api") in [row[:2] for row in rows]
    assert rows[-1] == ("apply", "", "Converged", "")
    (last,) = listed(capsys, "-n", "1")
    assert (last["actor"], last["via"]) == (person(), "command")
    assert (last["sourceCommit"], last["details"]) == ("4f2a9c1", {"targets": []})
    assert last["documentDigest"].startswith("v1:")


def test_apply_without_a_change_has_no_row(world, capsys):
    assert main(["apply", "--yes"]) == 0
    before = executed(capsys)

    assert main(["apply", "--yes"]) == 0

    assert executed(capsys) == before


def test_an_operation_of_a_user_has_a_row_with_the_reason(world, capsys):
    assert main(["apply", "--yes"]) == 0
    before = len(executed(capsys))

    assert main(["restart", "service/api", "--reason", "it leaks", "--yes"]) == 0
    assert main(["restart", "service/api", "--reason", "again", "--yes"]) == 2

    after = executed(capsys)[before:]
    assert after == [("restart", "api", "Progressing", "it leaks")]
    assert main(["audit", "verify"]) == 0


def test_an_empty_log_says_so(recorded, capsys):
    assert main(["audit", "list", "service/api"]) == 0

    assert "has no rows for service/api" in capsys.readouterr().err


def test_an_unbroken_log_prints_its_length_and_its_head(audited, capsys):
    head = listed(capsys, "-n", "1")[0]["hash"]

    assert main(["audit", "verify"]) == 0

    assert capsys.readouterr().out == (
        f"The audit log is unbroken: 3 rows.\nhead: {head}\n"
    )


@pytest.mark.parametrize(
    ("statement", "row", "cause"),
    [
        ("update audit_log set actor = 'eve' where id = 2", 2, "Content"),
        ("update audit_log set time = x'00ff' where id = 2", 2, "Content"),
        ("update audit_log set details = '[' where id = 1", 1, "Content"),
        (
            "update audit_log set details = '{\"changes\":[1]}' where id = 1",
            1,
            "Content",
        ),
        ("delete from audit_log where id = 2", 3, "Gap"),
        ("update audit_log set previous = '' where id = 3", 3, "Link"),
    ],
    ids=["content", "type", "details", "changes", "gap", "link"],
)
def test_the_first_broken_row_is_named(audited, capsys, statement, row, cause):
    forge(audited, statement)

    assert main(["audit", "verify", "-o", "json"]) == 1

    found = checked(capsys.readouterr().out)
    assert found["unbroken"] is False
    assert (found["broken"]["id"], found["broken"]["cause"]) == (row, cause)
    assert main(["audit", "verify"]) == 1
    assert capsys.readouterr().out.startswith(f"Row {row} is broken: ")
    assert main(["audit", "list"]) == 0


def test_the_result_of_an_unbroken_log_follows_its_schema(audited, capsys):
    assert main(["audit", "verify", "-o", "json"]) == 0

    found = checked(capsys.readouterr().out)
    assert (found["unbroken"], found["rows"], found["broken"]) == (True, 3, None)


def test_only_all_rows_can_be_verified(audited, capsys):
    assert main(["audit", "verify", "service/api"]) == 2

    assert "leave out service/api" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["list", "verify"])
def test_a_missing_database_is_reported_and_not_created(here, capsys, what):
    assert main(["audit", what]) == 2

    assert "there is no store at sqlite:" in capsys.readouterr().err
    assert not (here / "store.db").exists()
