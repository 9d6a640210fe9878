"""Differences between declared and live services."""

from copy import deepcopy

import pytest

from controller.core.resources.kind import HealthLevel
from controller.core.resources.plan import Effect, Hold
from controller.kinds.service import KIND
from controller.kinds.service.normalize import canonical
from controller.kinds.service.render.fingerprint import definition_hash
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.state.service import Rejection
from tests.builders.services import ARN, deployment, paths, spec, state


def test_what_ecs_fills_in_and_reorders_is_no_difference():
    live = deepcopy(render(spec()))
    container = live["containerDefinitions"][0]
    container["environment"].reverse()
    container["secrets"].reverse()
    container |= {"cpu": 0, "mountPoints": [], "volumesFrom": [], "systemControls": []}
    container["portMappings"][0]["hostPort"] = 8001
    live |= {"volumes": [], "placementConstraints": [], "status": "ACTIVE"}
    live |= {"revision": 3, "taskDefinitionArn": ARN, "compatibilities": ["FARGATE"]}

    assert canonical(live) == canonical(render(spec()))


def test_normalising_leaves_its_input_alone():
    definition = render(spec())
    before = deepcopy(definition)

    canonical(definition)

    assert definition == before


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        pytest.param("cpu", "1 vCPU", "1024", id="vCPU"),
        pytest.param("cpu", ".25 vCPU", 256, id="part of a vCPU"),
        pytest.param("memory", "2 GB", "2048", id="GB"),
        pytest.param("memory", "0.5gb", "512", id="gb"),
    ],
)
def test_amounts_are_equal_in_every_spelling(field, one, other):
    assert canonical({field: one}) == canonical({field: other})


def test_one_environment_variable_is_one_change_with_its_name():
    (change,) = KIND.compare(spec(environment={"A": "1", "B": "3"}), state(spec()))

    assert change.path == "task.containers.hokusai-api-development.environment.B"
    assert (change.before, change.after) == ("2", "3")
    assert change.effect is Effect.RESTART


def test_a_variable_that_was_added_manually_is_drift():
    live = deepcopy(render(spec()))
    live["containerDefinitions"][0]["environment"].append(
        {"name": "MLFLOW_FALLBACK_IP", "value": "10.0.1.221"}
    )

    (change,) = KIND.compare(spec(), state(spec(), definition=canonical(live)))

    assert change.path.endswith("environment.MLFLOW_FALLBACK_IP")
    assert change.after is None


def test_a_secret_written_in_plain_text_is_drift_and_is_masked():
    live = deepcopy(render(spec()))
    live["containerDefinitions"][0]["environment"].append(
        {"name": "API_TOKEN", "value": "hunter2-hunter2"}
    )

    (change,) = KIND.compare(spec(), state(spec(), definition=canonical(live)))

    assert change.before == "***"


def test_an_undeclared_number_of_tasks_is_others_to_choose():
    assert paths(spec(), state(spec(), running=1)) == []
    assert paths(spec(desired_count=3), state(spec(desired_count=3))) == [
        "desired_count"
    ]


def test_a_setting_changes_in_place_and_the_network_restarts():
    network = {"subnets": ["subnet-a"], "security_groups": ["sg-a"]}
    moved = spec(network=network, deployment={"minimum_healthy_percent": 50})

    effects = {c.path: c.effect for c in KIND.compare(moved, state(spec()))}

    assert (
        effects["service.deploymentConfiguration.minimumHealthyPercent"]
        is Effect.IN_PLACE
    )
    network = "service.networkConfiguration.awsvpcConfiguration.subnets"
    assert effects[network] is Effect.RESTART


def test_what_the_document_does_not_speak_of_is_left_to_others():
    others = {**settings(spec()), "enableExecuteCommand": True}

    assert paths(spec(), state(spec(), settings=others)) == []


def test_a_service_without_registration_is_drift():
    assert paths(spec(), state(spec(), discovery=None)) == ["discovery"]


def test_secrets_are_named_by_their_arn():
    (container,) = render(spec())["containerDefinitions"]

    place = "us-east-1:123456789012"
    assert container["secrets"] == [
        {
            "name": "DB_PASSWORD",
            "valueFrom": f"arn:aws:secretsmanager:{place}:secret:"
            "hokusai/app:database_password::",
        },
        {
            "name": "REDIS_HOST",
            "valueFrom": f"arn:aws:ssm:{place}:parameter"
            "/hokusai/development/redis/endpoint",
        },
    ]


def test_our_own_rollout_is_waited_for():
    rolling = state(spec(), deployments=(deployment("IN_PROGRESS"),))

    held = KIND.hold_reason(spec(), rolling, ())

    assert held is not None
    assert held.hold is Hold.ROLLOUT_IN_PROGRESS
    assert KIND.health(spec(), rolling).level is HealthLevel.PROGRESSING


def test_a_rejected_revision_is_not_tried_again():
    bad = spec(image="hokusai/api:bad")
    rejected = Rejection(definition_hash(bad), "It crashed.")
    rolled_back = state(spec(), rejected=(rejected,))

    held = KIND.hold_reason(bad, rolled_back, KIND.compare(bad, rolled_back))

    assert held is not None
    assert (held.hold, held.message) == (Hold.REVISION_REJECTED, "It crashed.")


def test_a_corrected_revision_is_tried_although_another_was_rejected():
    rejected = Rejection(definition_hash(spec(image="hokusai/api:bad")), "It crashed.")
    mended = spec(image="hokusai/api:mended")
    rolled_back = state(spec(), rejected=(rejected,))

    assert (
        KIND.hold_reason(mended, rolled_back, KIND.compare(mended, rolled_back)) is None
    )


def test_missing_tasks_are_reported_with_the_reason():
    health = KIND.health(
        spec(), state(spec(), running=0, problem="Essential container exited")
    )

    assert (health.level, health.reason) == (HealthLevel.DEGRADED, "TasksMissing")
    assert "Essential container exited" in health.message
