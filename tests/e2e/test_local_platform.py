"""What a user sees of the local platform, tried as a user would.

Each test leaves the platform as it found it: everything ready.
"""

import json
import os
import shlex
import signal
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from tests.builders.local_process import get
from tests.builders.waiting import eventually

API, MLFLOW = "hokusai-api-local", "hokusai-mlflow-local"
CLUSTER = ("--cluster", "hokusai-local")


@contextmanager
def nobody_reconciling(local):
    """Stop the controller in its tracks, so that a change by hand stays."""
    pid = local.controller_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def post(url: str, body: object) -> None:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).close()


def mlflow_url(local) -> str:
    return f"http://{local.tasks(MLFLOW)[0]['address']}:5000"


def versions(local):
    url = f"{mlflow_url(local)}/api/2.0/mlflow/model-versions/search"
    return get(url).get("model_versions", [])


def test_a_converged_platform_differs_in_nothing(local):
    ran = local.hokusai("diff", "-o", "json")

    assert ran.returncode == 0, ran.stdout
    assert json.loads(ran.stdout)["inSync"] is True


def test_the_trained_model_was_registered_once_and_announced_once(local):
    (version,) = versions(local)
    report = local.deliveries()

    assert version["status"] == "READY"
    assert (report["received"], report["duplicates"], report["rejected"]) == (1, 0, 0)
    body = report["deliveries"][0]["body"]
    assert body["registered_version"] == version["version"]
    assert body["token_symbol"] == "LSCOR"


def test_the_api_service_lists_the_model(local):
    (task,) = local.tasks(API)

    models = f"http://{task['address']}:8001/api/v1/models"

    answer = get(models, key=local.variables()["HOKUSAI_API_KEY"])

    with pytest.raises(urllib.error.HTTPError, match="401"):
        get(models)
    assert [model["name"] for model in answer["models"]] == ["Sales Lead Scoring"]


def test_a_public_name_answers_through_the_load_balancer(local):
    def printed():
        return [
            line.strip()
            for line in local.log.read_text().splitlines()
            if line.startswith("  curl --resolve api.hokus.ai:")
        ]

    (line,) = eventually(printed, within=30)

    ran = subprocess.run(
        [*shlex.split(line), "--silent", "--show-error", "--include"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("HTTP/1.1 200"), ran.stdout


def test_a_rule_deleted_by_hand_is_named_and_made_again(local):
    balancers = local.aws("elbv2", "describe-load-balancers")["LoadBalancers"]
    arn = balancers[0]["LoadBalancerArn"]

    def rules():
        found = []
        listeners = local.aws(
            "elbv2", "describe-listeners", "--load-balancer-arn", arn
        )["Listeners"]
        for listener in listeners:
            answer = local.aws(
                "elbv2", "describe-rules", "--listener-arn", listener["ListenerArn"]
            )
            found += [rule for rule in answer["Rules"] if not rule["IsDefault"]]
        return found

    before = rules()
    with nobody_reconciling(local):
        local.aws("elbv2", "delete-rule", "--rule-arn", before[0]["RuleArn"])
        ran = local.hokusai("diff")

    assert ran.returncode == 1
    assert "routes[api.hokus.ai/api/*].listeners[443]" in ran.stdout
    eventually(lambda: len(rules()) == len(before), within=90, every=1.0)
    local.converge()


def test_the_output_of_a_task_is_in_its_log_group(local):
    answer = local.aws(
        "logs", "filter-log-events", "--log-group-name", f"/ecs/{MLFLOW}"
    )

    assert any("Uvicorn running" in event["message"] for event in answer["events"])


def test_a_change_by_hand_in_ecs_is_named_and_put_back(local):
    with nobody_reconciling(local):
        local.aws(
            *("ecs", "update-service", *CLUSTER, "--service", API),
            *("--deployment-configuration", "maximumPercent=150"),
        )
        ran = local.hokusai("diff")

    assert ran.returncode == 1
    assert "service.deploymentConfiguration.maximumPercent: 150 -> 200" in ran.stdout
    local.converge()


def test_a_change_by_hand_in_mlflow_is_named_and_put_back(local):
    tag = {"name": "Sales Lead Scoring", "key": "hokusai_token_id", "value": "WRONG"}
    with nobody_reconciling(local):
        post(f"{mlflow_url(local)}/api/2.0/mlflow/registered-models/set-tag", tag)
        ran = local.hokusai("diff")

    assert ran.returncode == 1
    assert "tags.hokusai_token_id: WRONG -> LSCOR" in ran.stdout
    local.converge()


def test_without_mlflow_the_rest_is_still_shown(local):
    scale = ("ecs", "update-service", *CLUSTER, "--service", MLFLOW, "--desired-count")
    with nobody_reconciling(local):
        local.aws(*scale, "0")
        eventually(lambda: not local.tasks(MLFLOW), within=20)
        ran = local.hokusai("diff", "-o", "json")
        local.aws(*scale, "1")

    plan = json.loads(ran.stdout)
    unseen = {b["resource"] for b in plan["blocked"] if b["hold"] == "Unknown"}
    assert ran.returncode == 2
    assert {"experiment/lead-scoring", "model/sales-lead-scoring"} <= unseen
    assert not any(resource.startswith("service/") for resource in unseen)
    local.converge(within=90)


def test_a_killed_task_is_replaced_and_every_address_follows(local):
    (before,) = local.tasks(MLFLOW)
    (pid,) = before["processes"].values()

    os.kill(pid, signal.SIGKILL)

    def moved():
        return [t for t in local.tasks(MLFLOW) if t["address"] != before["address"]]

    (after,) = eventually(moved, within=40)
    address = after["address"]

    def published():
        name = ("--name", "/hokusai/local/mlflow/fallback-ip")
        parameter = local.aws("ssm", "get-parameter", *name)["Parameter"]
        return parameter["Value"] == address

    eventually(published, within=40)
    eventually(
        lambda: address in local.condition("endpoint/mlflow")["message"], within=20
    )
    local.converge()


def test_a_killed_controller_makes_nothing_twice(local):
    for _ in range(3):
        killed = local.controller_pid()
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: local.controllers() - {killed}, within=20)  # noqa: B023
        local.converge(within=60)

    assert len(versions(local)) == 1
    assert local.deliveries()["received"] == 1


def test_an_edit_of_the_document_is_followed(local):
    edited = '      ENVIRONMENT: local\n      EDITED_BY_HAND: "yes"\n      AUTH_SER'
    local.edit_overlay("      ENVIRONMENT: local\n      AUTH_SER", edited)

    def follows():
        service = local.aws("ecs", "describe-services", *CLUSTER, "--services", API)
        arn = service["services"][0]["taskDefinition"]
        answer = local.aws("ecs", "describe-task-definition", "--task-definition", arn)
        (container,) = answer["taskDefinition"]["containerDefinitions"]
        names = {pair["name"] for pair in container["environment"]}
        return "EDITED_BY_HAND" in names

    eventually(follows, within=30, every=1.0)
    local.converge()
    local.edit_overlay(edited, "      ENVIRONMENT: local\n      AUTH_SER")
    eventually(lambda: not follows(), within=30, every=1.0)
    local.converge()


def test_a_broken_document_changes_nothing_and_the_last_good_one_stays(local):
    good = local.overlay.read_text()
    local.overlay.write_text("services: [")

    ran = local.hokusai("diff")

    assert ran.returncode == 2
    assert "local.yaml:2:1: is not valid YAML" in ran.stderr
    assert len(local.tasks(API)) == 1
    local.overlay.write_text(good)
    local.converge()


def test_an_image_that_crashes_is_rolled_back_and_not_tried_again(local):
    local.edit_overlay(
        "    hokusai/train:latest:\n",
        '    hokusai/api:broken:\n      command: ["{python}", -c, "raise SystemExit(3)"]\n'
        "    hokusai/train:latest:\n",
    )
    local.edit_overlay("image: hokusai/api:latest", "image: hokusai/api:broken")

    def rejected():
        stalled = local.condition("service/api", "Stalled")
        return (stalled["status"], stalled["reason"]) == ("True", "RevisionRejected")

    eventually(rejected, within=120, every=1.0)
    message = local.condition("service/api")["message"]
    assert "exited with 3" in message
    assert "not rolled out again until the service changes" in message
    assert len(local.tasks(API)) == 1
    tried = rollouts(local)
    passes = "status", "-o", "json"
    for _ in range(3):
        local.hokusai(*passes)
    assert rollouts(local) == tried
    assert local.hokusai("diff").returncode == 1

    local.edit_overlay("image: hokusai/api:broken", "image: hokusai/api:latest")
    local.converge()


def rollouts(local) -> int:
    answer = local.aws("ecs", "list-service-deployments", *CLUSTER, "--service", API)
    return len(answer["serviceDeployments"])
