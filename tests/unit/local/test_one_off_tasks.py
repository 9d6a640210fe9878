"""One-off tasks of the local platform: each on its own, and started once."""

from types import SimpleNamespace

import pytest

from controller.core.document.platform import Platform
from controller.core.errors import TransientError
from controller.local.one_off_tasks import OneOffTasks

PLATFORM = Platform("hokusai", "local", "123456789012", "us-east-1")


class Ecs:
    """An ECS that records the tasks that it starts; ``refuse`` fails calls."""

    def __init__(self):
        self.started = []
        self.refused = set()

    def call(self, _service, operation, /, **asked):
        if operation == "RegisterTaskDefinition":
            if asked["family"] in self.refused:
                message = "busy"
                raise TransientError(message)
            return {"taskDefinition": {"taskDefinitionArn": asked["family"]}}
        if operation == "RunTask":
            self.started.append((asked["taskDefinition"], asked["clientToken"]))
            return {"tasks": [{"taskArn": f"task-{len(self.started)}"}]}
        stopped = {"exitCode": 1}
        return {"tasks": [{"lastStatus": "STOPPED", "containers": [stopped]}]}


def document(uri=""):
    images = {"train": SimpleNamespace(environment={"MLFLOW_TRACKING_URI": uri})}
    tasks = [
        SimpleNamespace(name="train", image="train", after=None),
        SimpleNamespace(name="seed", image="seed", after=None),
    ]
    local = SimpleNamespace(
        tasks=tasks, images=images | {"seed": SimpleNamespace(environment={})}
    )
    return SimpleNamespace(platform=PLATFORM, local=local)


@pytest.mark.parametrize("reason", ["refused", "no address"])
def test_a_task_that_cannot_start_does_not_hold_up_the_others(reason):
    ecs = Ecs()
    uri = "http://mlflow.hokusai-local.local:5000" if reason == "no address" else ""
    ecs.refused = {"hokusai-train-local"} if reason == "refused" else set()
    tasks = OneOffTasks(ecs, lambda _host: ())

    with pytest.raises(TransientError):
        tasks.run_due(document(uri), {})

    assert [family for family, _ in ecs.started] == ["hokusai-seed-local"]


def test_each_attempt_has_its_own_client_token():
    ecs = Ecs()
    tasks = OneOffTasks(ecs, lambda _host: ())

    for _ in range(3):
        tasks.run_due(document(), {})

    tokens = [token for family, token in ecs.started if "seed" in family]
    assert len(tokens) == len(set(tokens)) == 2
