"""Saved plans, plans of selected resources, and interrupted plans."""

import json
import os
import signal
import stat
import subprocess
import sys
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import plan_schema, status_schema
from controller.emulation.runtimes.scripted import Script

API, MLFLOW = "t-api-development", "t-mlflow-development"


@pytest.fixture
def settled(world, capsys):
    """Everything is in sync; then the document declares another image for api."""
    assert main(["apply", "--yes"]) == 0
    assert main(["diff"]) == 0
    world.edit(
        '  api:\n    image: "web:1"\n    cpu: 256\n    memory: 512',
        '  api:\n    image: "web:2"\n    cpu: 512\n    memory: 1024',
    )
    capsys.readouterr()
    return world


def image_of(world, name):
    arn = world.service(name)["taskDefinition"]
    found = world.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return found["containerDefinitions"][0]["image"]


def test_a_saved_plan_follows_the_schema_and_is_private(settled, here):
    assert main(["diff", "--out", "plan.json"]) == 1

    data = json.loads((here / "plan.json").read_text())
    assert list(Draft202012Validator(plan_schema()).iter_errors(data)) == []
    assert stat.S_IMODE((here / "plan.json").stat().st_mode) == 0o600
    assert list(data["binding"]["fields"]) == ["service/api"]
    assert data["cost"]["restarts"] == data["actions"][0]["cost"]["restarts"] == 1


def test_a_saved_plan_is_carried_out_as_it_is(settled, capsys):
    main(["diff", "--out", "plan.json"])

    assert main(["apply", "--plan", "plan.json", "--yes"]) == 0

    assert image_of(settled, API) == "web:2"
    assert "Actual: 4 write calls (estimated: 4), 1 restart (estimated: 1)" in (
        capsys.readouterr().err
    )
    assert main(["diff"]) == 0


def test_a_saved_plan_touches_nothing_else(settled):
    main(["diff", "--out", "plan.json"])
    settled.ecs.update_service(
        cluster="t-development",
        service=MLFLOW,
        deploymentConfiguration={"maximumPercent": 150},
    )

    assert main(["apply", "--plan", "plan.json", "--yes"]) == 0

    found = settled.service(MLFLOW)["deploymentConfiguration"]["maximumPercent"]
    assert (image_of(settled, API), found) == ("web:2", 150)


def test_a_plan_whose_fields_moved_is_refused_by_name(settled, capsys):
    main(["diff", "--out", "plan.json"])
    settled.ecs.update_service(
        cluster="t-development",
        service=API,
        deploymentConfiguration={"maximumPercent": 150},
    )

    assert main(["apply", "--plan", "plan.json", "--yes"]) == 2

    assert (
        "service/api: service.deploymentConfiguration.maximumPercent was in sync"
        " when planned and now differs"
    ) in capsys.readouterr().err
    assert image_of(settled, API) == "web:1"


def test_a_plan_whose_document_moved_is_refused(settled, capsys):
    main(["diff", "--out", "plan.json"])
    settled.edit("memory: 1024", "memory: 2048")

    assert main(["apply", "--plan", "plan.json", "--yes"]) == 2
    assert "the document has changed: v1:" in capsys.readouterr().err


def test_a_plan_that_was_edited_is_refused(settled, here, capsys):
    main(["diff", "--out", "plan.json"])
    file = here / "plan.json"
    file.write_text(file.read_text().replace("web:2", "web:3"))

    assert main(["apply", "--plan", "plan.json", "--yes"]) == 2
    assert "was changed since it was saved" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file"),
        ("nonsense", "is no saved plan: it is not JSON"),
        ('{"kind": "Status"}', "is no saved plan: $"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(here, capsys, text, told):
    if text is not None:
        (here / "plan.json").write_text(text)

    assert main(["apply", "--plan", "plan.json", "--yes"]) == 2
    assert told in capsys.readouterr().err


def test_a_plan_that_was_only_printed_is_refused(settled, here, capsys):
    main(["diff", "-o", "json"])
    (here / "plan.json").write_text(capsys.readouterr().out)

    assert main(["apply", "--plan", "plan.json", "--yes"]) == 2
    assert "save one with `diff --out FILE`" in capsys.readouterr().err


def test_a_target_is_shown_with_what_it_waits_for(world, capsys):
    assert main(["diff", "service/api", "-o", "json"]) == 1

    (action,) = json.loads(capsys.readouterr().out)["actions"]
    assert action["waitsFor"] == ["service/mlflow"]


def test_a_target_with_a_missing_dependency_is_not_waited_for(world, capsys):
    assert main(["apply", "service/api", "--yes", "--timeout", "30"]) == 1
    assert "Waiting for service/mlflow." in capsys.readouterr().err
    assert world.ecs.list_services(cluster="t-development")["serviceArns"] == []


def test_only_the_target_is_applied_and_the_rest_is_still_known(settled, capsys):
    assert main(["apply", "service/mlflow", "--yes"]) == 0
    assert image_of(settled, API) == "web:1"
    capsys.readouterr()

    main(["status"])

    assert "service/api" in capsys.readouterr().out


def test_without_a_terminal_apply_needs_yes(world, capsys):
    assert main(["apply"]) == 2
    assert "pass --yes" in capsys.readouterr().err


def test_ctrl_c_leaves_what_the_next_apply_finishes(world, here):
    program = "import sys; from controller.cli import main; sys.exit(main())"
    apply = [sys.executable, "-c", program, "apply", "--yes"]
    running = subprocess.Popen(
        apply, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert "service/mlflow  create" in running.stderr.readline()
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)

    again = subprocess.run(apply, capture_output=True, check=False, env=os.environ)

    assert running.returncode == 130
    assert "To continue, run: hokusai apply\n" in told
    assert again.returncode == 0
    assert len(world.ecs.list_task_definitions()["taskDefinitionArns"]) == 2


def test_json_compares_actual_and_estimated_cost(world, capsys):
    assert main(["apply", "--yes", "-o", "json"]) == 0

    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    assert data["cost"]["actual"]["calls"] == data["cost"]["estimated"]["calls"] == 10


def test_no_secret_that_somebody_left_in_ecs_gets_into_a_plan(settled, here, capsys):
    arn = settled.service(API)["taskDefinition"]
    found = settled.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    (container,) = found["containerDefinitions"]
    container["environment"] = [{"name": "DB_PASSWORD", "value": "hunter22"}]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory")
    made = settled.ecs.register_task_definition(
        containerDefinitions=[container], **{field: found[field] for field in kept}
    )["taskDefinition"]
    settled.ecs.update_service(
        cluster="t-development", service=API, taskDefinition=made["taskDefinitionArn"]
    )

    main(["diff", "--out", "plan.json"])

    captured = capsys.readouterr()
    everything = captured.out + captured.err + (here / "plan.json").read_text()
    assert "DB_PASSWORD" in everything
    assert "hunter22" not in everything


def test_why_explains_a_rejected_revision(settled, capsys):
    settled.runtime.scripts["web:2"] = Script(exits_after=timedelta(0), exit_code=3)
    assert main(["apply", "--yes", "--timeout", "60"]) == 1
    capsys.readouterr()

    assert main(["why", "service/api"]) == 1

    first, *_, next_, command = capsys.readouterr().out.splitlines()
    assert first.startswith("service/api is not ready: RevisionRejected: ")
    assert "exited with 3" in first
    assert next_.startswith("  next: Change its declaration")
    assert command == "  run: hokusai status service/api"


def test_a_value_from_a_variable_is_printed_with_its_source(world, capsys, monkeypatch):
    world.edit("  region: us-east-1\n", "")
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    main(["diff"])

    told = "platform.region is set by the variable AWS_REGION: us-east-1\n"
    assert told in capsys.readouterr().err


def test_a_creation_that_reads_show_late_ends_with_success(world, capsys):
    world.server.simulator.read_lag = timedelta(seconds=3)

    status = main(["apply", "--yes"])

    assert status == 0, capsys.readouterr().err
