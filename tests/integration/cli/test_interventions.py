"""``history``, ``rollback``, ``restart`` and ``retry``, as a user runs them."""

import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from controller.emulation.runtimes.scripted import Script

API = "t-api-development"
CRASHES = Script(exits_after=timedelta(0), exit_code=1)
WHY = ("--reason", "it does not answer", "--yes")


@pytest.fixture
def second(world, capsys):
    """The service api runs its second revision."""
    assert main(["apply", "--yes"]) == 0
    world.edit(
        '  api:\n    image: "web:1"\n    cpu: 256\n    memory: 512',
        '  api:\n    image: "web:2"\n    cpu: 512\n    memory: 1024',
    )
    assert main(["apply", "--yes"]) == 0
    capsys.readouterr()
    return world


def present(world):
    return world.service(API)["taskDefinition"].rpartition("/")[2]


def test_a_rollback_deploys_the_last_revision_and_apply_keeps_it(second, capsys):
    assert main(["rollback", "service/api", *WHY]) == 0
    assert present(second) == f"{API}:1"
    assert "was put on hold by" in capsys.readouterr().out

    assert main(["apply", "--yes"]) == 1
    assert present(second) == f"{API}:1"


def test_undo_lets_apply_roll_the_declaration_out(second):
    main(["rollback", "service/api", *WHY])

    assert main(["rollback", "service/api", "--undo", *WHY]) == 0
    assert main(["apply", "--yes"]) == 0

    assert present(second) == f"{API}:2"


def test_history_shows_a_revision_on_hold_in_every_format(second, capsys):
    main(["rollback", "service/api", "--to", ":1", *WHY])
    capsys.readouterr()

    told = {}
    for output in ("table", "json", "yaml", "markdown"):
        assert main(["history", "service/api", "-o", output]) == 0
        told[output] = capsys.readouterr().out

    data = json.loads(told["json"])
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    assert [one["present"] for one in data["rollouts"]] == [True, False, False]
    assert "it does not answer" in data["rollouts"][1]["setAside"]
    assert f"{API}:1 (current)" in told["table"]
    assert "it does not answer" in told["yaml"]
    assert told["markdown"].startswith("| started |")


def test_history_shows_interventions_recorded_in_the_database(second, capsys):
    main(["rollback", "service/api", *WHY])
    main(["rollback", "service/api", "--undo", "--reason", "it was not it", "--yes"])
    assert main(["apply", "--yes"]) == 0
    capsys.readouterr()

    assert main(["history", "service/api", "-o", "json"]) == 0
    asked = [one["asked"] for one in json.loads(capsys.readouterr().out)["rollouts"]]
    main(["history", "service/api"])

    assert [text.partition(" by ")[0] for text in asked] == [
        "resumed",
        "rolled back",
        "",
        "",
    ]
    assert asked[0].endswith(": it was not it")
    assert "rolled back by" in capsys.readouterr().out


def test_a_restart_is_recorded_as_an_event_with_its_reason(second, capsys):
    assert main(["restart", "service/api", *WHY]) == 0
    capsys.readouterr()

    main(["events", "service/api"])
    assert "it does not answer" in capsys.readouterr().out
    assert main(["restart", "service/api", *WHY]) == 2
    assert "restart_interval" in capsys.readouterr().err


def test_a_retry_rolls_out_a_rejected_revision_and_follows_it(second, capsys):
    second.runtime.scripts["web:3"] = CRASHES
    second.edit('image: "web:2"', 'image: "web:3"')
    assert main(["apply", "--yes"]) == 1
    assert main(["why", "service/api"]) == 1
    assert "hokusai retry" in capsys.readouterr().out
    assert main(["retry", "service/api", "--reason", "once more", "--yes"]) == 1
    assert "It is not rolled out again until" in capsys.readouterr().out
    second.runtime.scripts.pop("web:3")

    assert main(["retry", "service/api", "--reason", "made it", "--yes"]) == 0

    assert present(second) == f"{API}:3"
    main(["events", "service/api"])
    assert "made it" in capsys.readouterr().out


def test_a_retry_runs_a_failed_step_again_and_creates_the_service(world, capsys):
    step = "before: [{name: migrate, command: [alembic]}]"
    world.edit('  api:\n    image: "web:1"', f'  api:\n    {step}\n    image: "web:1"')
    world.runtime.scripts["web:1 alembic"] = CRASHES
    assert main(["apply", "--yes"]) == 1
    assert main(["why", "service/api"]) == 1
    assert "`hokusai retry service/api --reason TEXT`" in capsys.readouterr().out
    done = Script(exits_after=timedelta(0))
    world.runtime.scripts["web:1 alembic"] = done

    assert main(["retry", "service/api", "--reason", "made it", "--yes"]) == 0

    assert present(world) == f"{API}:1"
    assert main(["retry", "service/api", "--reason", "again", "--yes"]) == 2
    assert "no revision was rejected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rollback", "service/api", "--reason", "x"], "pass --yes to roll back"),
        (
            ["rollback", "service/api", "--to", "9", *WHY],
            "cannot roll back 9 revisions",
        ),
        (["rollback", "service/api", "--to", ":9", *WHY], f"{API}:9 does not exist"),
        (
            ["rollback", "service/api", "--to", "1", "--undo", *WHY],
            "--undo and --to exclude each other",
        ),
        (["rollback", "service/api", "--undo", *WHY], "no revision is on hold"),
        (["restart", "service/other", *WHY], "is not declared"),
        (["retry", "service/api", *WHY], "no revision was rejected"),
    ],
)
def test_an_impossible_intervention_is_refused_in_one_line(second, capsys, words, told):
    assert main(words) == 2

    assert told in capsys.readouterr().err
    assert present(second) == f"{API}:2"
