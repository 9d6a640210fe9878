"""Rejections from the deployment history of ECS, also while it lags."""

import pytest

from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.observation import Present, Unknown
from controller.kinds.service import KIND
from controller.kinds.service.driver import ServiceDriver
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.tags import RETRIED, as_pairs
from tests.fakes.stopped_clock import StoppedClock

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
API = ResourceId("service", "api")
GOOD, BAD = "task-definition/api:1", "task-definition/api:2"


def spec(image):
    return KIND.complete("api", ServiceSpec.model_validate({"image": image}), PLATFORM)


class Ecs:
    """One service on its first revision, after its second one was rolled back."""

    def __init__(self, history, current="d-2", rollout="COMPLETED", retried=""):
        self.history = history
        self.service = {
            "serviceName": "hokusai-api-development",
            "serviceArn": "arn:service",
            "clusterArn": "arn:cluster",
            "status": "ACTIVE",
            "taskDefinition": GOOD,
            "desiredCount": 1,
            "runningCount": 1,
            "currentServiceDeployment": current,
            "tags": as_pairs({RETRIED: retried} if retried else {}),
            "deployments": [
                {
                    "id": "ecs-svc/1",
                    "status": "PRIMARY",
                    "rolloutState": rollout,
                    "taskDefinition": GOOD,
                }
            ],
        }

    def call(self, service, operation, /, **asked):
        match operation:
            case "DescribeServices":
                return {"services": [self.service]}
            case "DescribeTaskDefinition":
                arn = asked["taskDefinition"]
                content = render(spec({GOOD: "api:1", BAD: "api:2"}[arn]))
                return {"taskDefinition": {**content, "taskDefinitionArn": arn}}
            case "ListServiceDeployments" | "DescribeServiceDeployments":
                return {"serviceDeployments": self.history}
            case "DescribeServiceRevisions":
                arns = {"r-1": GOOD, "r-2": BAD, "r-3": BAD}
                return {
                    "serviceRevisions": [
                        {"serviceRevisionArn": r, "taskDefinition": arns[r]}
                        for r in asked["serviceRevisionArns"]
                    ]
                }
            case "ListServices" | "ListTasks" | "DescribeLogGroups":
                return {"serviceArns": [], "taskArns": [], "logGroups": []}
            case _:
                raise AssertionError(operation)


def deployment(number, status):
    return {
        "serviceDeploymentArn": f"d-{number}",
        "targetServiceRevisionArn": f"r-{number}",
        "status": status,
        "createdAt": number,
    }


def observed(ecs):
    """Return what is seen when the second revision is still asked for."""
    driver = ServiceDriver(ecs, PLATFORM, StoppedClock())
    return driver.observe({API: Resource(API, spec("api:2"))})[API]


FIRST = deployment(1, "SUCCESSFUL")


def test_a_rollback_in_the_history_rejects_the_revision():
    seen = observed(Ecs([FIRST, deployment(2, "ROLLBACK_SUCCESSFUL")]))

    assert isinstance(seen, Present)
    assert [r.message for r in seen.state.rejected] == [
        (
            "api:2 was rolled back. It is not rolled out again until the service changes "
            "or you run `hokusai retry service/api --reason TEXT`."
        )
    ]


def test_a_retried_deployment_and_earlier_ones_reject_nothing():
    history = [
        FIRST,
        deployment(2, "ROLLBACK_SUCCESSFUL"),
        deployment(3, "ROLLBACK_SUCCESSFUL"),
    ]

    seen = observed(Ecs(history, current="d-3", retried="d-3"))

    assert isinstance(seen, Present)
    assert seen.state.rejected == ()


def test_a_failure_after_the_retried_deployment_is_a_rejection():
    history = [
        FIRST,
        deployment(2, "ROLLBACK_SUCCESSFUL"),
        deployment(3, "ROLLBACK_FAILED"),
    ]

    seen = observed(Ecs(history, current="d-3", retried="d-2"))

    assert isinstance(seen, Present)
    assert [r.deployment for r in seen.state.rejected] == ["d-3"]


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([FIRST], id="it does not know of the deployment yet"),
        pytest.param(
            [FIRST, deployment(2, "IN_PROGRESS")], id="it does not know of its end yet"
        ),
    ],
)
def test_a_history_that_lags_behind_decides_nothing(history):
    seen = observed(Ecs(history))

    assert isinstance(seen, Unknown)
    assert "is older than" in seen.reason


def test_a_history_that_is_as_new_as_the_rollout_under_way_is_taken():
    under_way = Ecs([FIRST, deployment(2, "IN_PROGRESS")], rollout="IN_PROGRESS")

    assert isinstance(observed(under_way), Present)


def test_a_service_without_service_deployments_has_none_to_lag():
    assert isinstance(observed(Ecs([], current=None)), Present)
