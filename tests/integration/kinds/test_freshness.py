"""Images that move under their tags, and secrets that are rotated, on the emulated AWS."""

import json
from urllib.request import Request, urlopen

import pytest

from controller.core.resources.condition import Truth
from controller.core.resources.plan import Hold, Reason
from tests.builders.emulated_images import IMAGE, REPOSITORY, Pushed

QUICK = {"restart_interval": 60}
_VALUES = ("GetSecretValue", "GetParameter", "BatchGetSecret")


@pytest.fixture
def world():
    with Pushed.emulated() as found:
        yield found


def test_a_tag_that_moved_is_reported_and_the_service_stays_ready(world):
    old = world.push("a")
    api = world.api(IMAGE)
    assert world.run(api).converged
    new = world.push("b")

    result = world.run(api, passes=3)

    (advice,) = result.plan.advice
    assert advice.reason is Reason.TASKS_OUTDATED
    assert old[:19] in advice.message
    assert new[:19] in advice.message
    assert advice.command.startswith("hokusai restart service/api")
    assert world.machine.ready(result, api).status is Truth.TRUE
    assert world.running() == {old}


def test_a_pinned_service_follows_its_tag_digest_by_digest(world):
    old = world.push("a")
    api = world.api(IMAGE, image_policy="pin")
    assert world.run(api).converged
    first = world.running()
    new = world.push("b")

    assert world.run(api).converged

    assert (first, world.running()) == ({old}, {new})
    arn = world.service()["taskDefinition"]
    found = world.aws.call("ecs", "DescribeTaskDefinition", taskDefinition=arn)
    (container,) = found["taskDefinition"]["containerDefinitions"]
    assert container["image"] == f"{REPOSITORY}@{new}"


def test_the_plan_that_makes_a_pinned_service_shows_its_digest(world):
    digest = world.push("a")

    result = world.run(world.api(IMAGE, image_policy="pin"), passes=0)

    (action,) = result.plan.actions
    assert [(c.before, c.after) for c in action.changes] == [
        (IMAGE, f"{REPOSITORY}@{digest}")
    ]
    assert not action.disruptive


def test_a_pinned_service_stays_as_it_is_when_its_tag_is_gone(world):
    old = world.push("a")
    api = world.api(IMAGE, image_policy="pin")
    assert world.run(api).converged
    images = [{"imageTag": "latest"}]
    world.aws.call(
        "ecr", "BatchDeleteImage", repositoryName="hokusai-api", imageIds=images
    )

    result = world.run(api, passes=3)

    assert [b.hold for b in result.plan.blocked] == [Hold.UNKNOWN]
    assert world.running() == {old}
    assert len(world.deployments()) == 1


def test_a_tag_that_moved_is_redeployed_once(world):
    world.push("a")
    api = world.api(IMAGE, image_policy="redeploy", deployment=QUICK)
    assert world.run(api).converged
    new = world.push("b")

    assert world.run(api).converged
    assert world.run(api, passes=6).converged

    assert world.running() == {new}
    assert world.deployments() == ["SUCCESSFUL", "SUCCESSFUL"]


def test_an_image_that_was_rolled_back_is_not_redeployed_until_the_tag_moves(world):
    old = world.push("a")
    api = world.api(IMAGE, image_policy="redeploy", deployment=QUICK)
    assert world.run(api).converged
    world.push("b")
    world.roll_back_the_next(api)

    for _ in range(3):
        world.run(api)
        world.restart()
    failed, ran = world.deployments(), world.running()
    new = world.push("c")

    assert world.run(api, passes=12).converged
    assert failed.count("ROLLBACK_SUCCESSFUL") == 1
    assert len(failed) == 2
    assert ran == {old}
    assert world.running() == {new}


def rotated(world, **more):
    """Run a service with a secret, and have the secret rotated."""
    name = {"Name": "hokusai/app", "SecretString": "one"}
    world.aws.call("secretsmanager", "CreateSecret", **name)
    reference = {"DB_PASSWORD": {"secretsmanager": "hokusai/app"}}
    # moto's clock is the real one, and so secrets are newer than the world is old.
    api = world.api(secrets=reference, deployment=QUICK, **more)
    result = world.run(api)
    world.aws.call(
        "secretsmanager", "PutSecretValue", SecretId="hokusai/app", SecretString="two"
    )
    return api, result


def test_a_secret_newer_than_the_tasks_is_reported_and_no_value_is_read(world):
    api, _ = rotated(world)

    result = world.run(api, passes=3)

    (advice,) = result.plan.advice
    assert advice.message.startswith("DB_PASSWORD was rotated after the tasks started")
    assert world.deployments() == ["SUCCESSFUL"]
    assert not [n for n in world.aws.counts if n.partition(":")[2].startswith(_VALUES)]


def test_an_image_can_be_moved_by_the_emulators_own_endpoint(world):
    assert world.run(world.api()).converged
    digest = "sha256:" + "d" * 64
    body = json.dumps({"image": "api:2", "digest": digest}).encode()
    request = Request(f"{world.server.url}/_emulator/images", body, method="POST")
    with urlopen(request, timeout=5) as answer:
        assert json.load(answer) == {"api:2": digest}

    world.run(world.api("api:2"))

    assert world.running() == {digest}
