"""``status``, ``events`` and ``why``, which read the database."""

import json

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from controller.core.resources.condition import ConditionType, Truth
from tests.builders.command_line import API, MLFLOW

READY = (Truth.TRUE, "Ready", "1 of 1 tasks run t-api:1.")
WAITS = (Truth.FALSE, "Waiting", "Waiting for service/mlflow.")
REFUSED = (
    Truth.FALSE,
    "ApplyFailed",
    "ecs:UpdateService was refused: AccessDenied",
    ConditionType.STALLED,
)


@pytest.mark.parametrize("command", [["status"], ["events"], ["why", "service/api"]])
def test_a_missing_database_is_reported_and_not_created(here, capsys, command):
    status = main(command)

    assert status == 2
    assert "there is no store at sqlite:" in capsys.readouterr().err
    assert not (here / "store.db").exists()


@pytest.mark.parametrize("command", [["status"], ["why", "service/api"]])
def test_a_missing_first_pass_is_reported(recorded, capsys, command):
    status = main(command)

    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert captured.err.startswith("No pass was recorded yet")


def test_status_is_zero_when_everything_is_ready(recorded, capsys):
    recorded.save_statuses(api=READY, mlflow=READY)

    assert main(["status"]) == 0
    assert capsys.readouterr().out.count("Ready") == 2


def test_status_is_one_when_something_is_not(recorded, capsys):
    recorded.save_statuses(api=WAITS, mlflow=READY)

    assert main(["status"]) == 1
    assert main(["status", "services/mlflow"]) == 0


def test_a_resource_that_is_not_declared_is_refused_with_the_nearest(recorded, capsys):
    assert main(["status", "service/apy"]) == 2
    assert "did you mean service/api" in capsys.readouterr().err


def test_why_names_the_one_that_all_others_wait_for(recorded, capsys):
    recorded.save_statuses(api=WAITS, mlflow=REFUSED)
    recorded.failed(MLFLOW, "ecs:UpdateService was refused: AccessDenied")

    status = main(["why", "service/api", "-e", "development"])

    lines = capsys.readouterr().out.splitlines()
    assert status == 1
    assert lines[0] == (
        "service/api waits for service/mlflow, which is not ready:"
        " ApplyFailed: ecs:UpdateService was refused: AccessDenied"
    )
    assert lines[2].startswith("  last action: update, 0s ago: Failed: ecs:Update")
    assert lines[3].startswith("  next: Fix the problem that the message describes")
    assert lines[4] == "  run: hokusai apply service/mlflow -e development"


def test_why_of_something_ready_is_zero(recorded, capsys):
    recorded.save_statuses(api=READY, mlflow=READY)

    assert main(["why", "service/api"]) == 0
    assert capsys.readouterr().out == "service/api is ready.\n"


def test_why_reports_that_no_controller_runs(recorded, capsys):
    recorded.save_statuses(api=(*WAITS, ConditionType.RECONCILING), mlflow=READY)

    main(["why", "service/api"])

    assert "no controller is running" in capsys.readouterr().out


def test_why_states_the_time_of_the_next_pass(recorded, capsys):
    recorded.save_statuses(api=(*WAITS, ConditionType.RECONCILING), mlflow=READY)
    recorded.beat()

    main(["why", "service/api"])

    assert "In progress; no action needed. Next check by" in capsys.readouterr().out


def test_why_counts_consecutive_failures_and_states_the_next_attempt(recorded, capsys):
    recorded.save_statuses(api=REFUSED, mlflow=READY)
    for _ in range(9):
        recorded.failed(API, "denied")
    recorded.beat()

    main(["why", "service/api"])

    assert "Failed 9 times in a row; next attempt at" in capsys.readouterr().out


def test_events_are_listed_newest_last_up_to_the_limit(recorded, capsys):
    for number in range(3):
        recorded.failed(API, f"denied {number}")
    recorded.failed(MLFLOW, "throttled")

    assert main(["events", "services/api", "-n", "2"]) == 0

    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["AGE", "TYPE", "RESOURCE", "REASON", "COUNT", "MESSAGE"]
    assert [line.rpartition(" ")[2] for line in lines] == ["1", "2"]


def test_events_of_a_resource_that_is_no_longer_declared_can_be_listed(
    recorded, capsys
):
    assert main(["events", "service/gone"]) == 0
    assert "No events are recorded for service/gone." in capsys.readouterr().err


@pytest.mark.parametrize("command", [["status"], ["events"], ["why", "service/api"]])
def test_json_follows_the_schema(recorded, capsys, command):
    recorded.save_statuses(api=WAITS, mlflow=REFUSED)
    recorded.failed(MLFLOW, "denied")

    main([*command, "-o", "json"])

    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []


def test_explain_needs_no_document(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["explain", "services.health.interval"]) == 0
    assert "Time between two checks" in capsys.readouterr().out
    assert main(["explain", "services.helth"]) == 2
    assert "did you mean health" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["status"], ["why", "service/mlflow"], ["events"]])
def test_the_database_of_a_local_platform_is_found_by_its_data_folder(
    recorded, here, capsys, monkeypatch, words
):
    recorded.save_statuses(mlflow=(Truth.TRUE, "Ready", "Fine."))
    state, overlays = here / "elsewhere", here / "specs" / "environments"
    for folder in (state, overlays):
        folder.mkdir(parents=True)
    (overlays / "local.yaml").write_text("platform: {environment: local}\n")
    found = {"HOKUSAI_STORE_URL": f"sqlite:///{here}/store.db"}
    (state / "environment.json").write_text(json.dumps(found))
    monkeypatch.delenv("HOKUSAI_STORE_URL")

    default = main([*words, "-e", "local"])
    capsys.readouterr()
    there = main([*words, "-e", "local", "--state", str(state)])

    assert (default, there) == (2, 0)


def test_a_suggested_command_selects_the_same_platform(recorded, here, capsys):
    recorded.save_statuses(mlflow=(Truth.FALSE, "ApplyFailed", "No."))

    assert main(["why", "service/mlflow", "--state", "elsewhere"]) == 1
    assert "service/mlflow --state elsewhere" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["status"], ["events"], ["audit", "verify"], ["deliveries", "list"]]
)
def test_the_store_of_a_local_platform_that_does_not_run_is_not_guessed(
    recorded, here, capsys, monkeypatch, words
):
    overlays = here / "specs" / "environments"
    overlays.mkdir(parents=True)
    (overlays / "local.yaml").write_text("platform: {environment: local}\n")
    monkeypatch.delenv("HOKUSAI_STORE_URL")

    assert main([*words, "-e", "local"]) == 2

    assert "the local platform is not running" in capsys.readouterr().err
