import pytest

from controller.emulation.ecs import EcsError
from tests.builders.simulated_ecs import Ecs

APP = {"name": "app", "image": "web:1", "memory": 64}


def register(ecs, **fields):
    body = {"family": "web", "containerDefinitions": [APP], **fields}
    return ecs.call("RegisterTaskDefinition", body)["taskDefinition"]


def test_revisions_are_numbered_and_never_reused():
    ecs = Ecs()
    register(ecs)
    second = register(ecs)
    ecs.call(
        "DeregisterTaskDefinition", {"taskDefinition": second["taskDefinitionArn"]}
    )

    assert register(ecs)["revision"] == 3


def test_a_family_refers_to_its_newest_active_revision():
    ecs = Ecs()
    register(ecs)
    register(ecs)
    ecs.call("DeregisterTaskDefinition", {"taskDefinition": "web:2"})

    found = ecs.call("DescribeTaskDefinition", {"taskDefinition": "web"})

    assert found["taskDefinition"]["revision"] == 1


def test_an_inactive_revision_can_be_described_but_not_deployed():
    ecs = Ecs()
    ecs.register()
    ecs.call("DeregisterTaskDefinition", {"taskDefinition": "web:1"})

    found = ecs.call("DescribeTaskDefinition", {"taskDefinition": "web:1"})

    assert found["taskDefinition"]["status"] == "INACTIVE"
    assert "deregisteredAt" in found["taskDefinition"]
    with pytest.raises(EcsError, match="inactive"):
        ecs.create(taskDefinition="web:1")


def test_a_service_continues_with_an_inactive_revision():
    ecs = Ecs()
    ecs.register()
    ecs.create()
    ecs.advance(3)
    ecs.call("DeregisterTaskDefinition", {"taskDefinition": "web:1"})

    ecs.update(desiredCount=2)
    ecs.advance(3)

    assert ecs.service()["runningCount"] == 2


def test_only_inactive_revisions_can_be_deleted():
    ecs = Ecs()
    register(ecs)
    register(ecs)
    ecs.call("DeregisterTaskDefinition", {"taskDefinition": "web:1"})

    answer = ecs.call("DeleteTaskDefinitions", {"taskDefinitions": ["web:1", "web:2"]})

    assert [d["status"] for d in answer["taskDefinitions"]] == ["DELETE_IN_PROGRESS"]
    assert len(answer["failures"]) == 1


def test_listing_sorts_filters_and_pages():
    ecs = Ecs()
    for _ in range(3):
        register(ecs)
    register(ecs, family="api")

    newest = ecs.call(
        "ListTaskDefinitions", {"familyPrefix": "web", "sort": "DESC", "maxResults": 2}
    )
    families = ecs.call("ListTaskDefinitionFamilies", {"status": "ACTIVE"})

    numbers = [arn.rpartition(":")[2] for arn in newest["taskDefinitionArns"]]
    assert numbers == ["3", "2"]
    assert "nextToken" in newest
    assert families["families"] == ["api", "web"]


def test_tags_are_returned_beside_the_definition_on_request():
    ecs = Ecs()
    register(ecs, tags=[{"key": "a", "value": "1"}])
    body = {"taskDefinition": "web"}

    without = ecs.call("DescribeTaskDefinition", body)
    with_tags = ecs.call("DescribeTaskDefinition", body | {"include": ["TAGS"]})

    assert "tags" not in without
    assert with_tags["tags"] == [{"key": "a", "value": "1"}]
    assert "tags" not in with_tags["taskDefinition"]


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [
        ("1 vCPU", "2 GB", ("1024", "2048")),
        (".25 vcpu", "0.5GB", ("256", "512")),
        ("256", "512", ("256", "512")),
    ],
)
def test_units_are_converted(cpu, memory, expected):
    definition = register(Ecs(), cpu=cpu, memory=memory)

    assert (definition["cpu"], definition["memory"]) == expected


FARGATE = {"requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"family": "bad family!!"}, "invalid characters"),
        ({"containerDefinitions": []}, "at least one container"),
        ({"containerDefinitions": [APP, APP]}, "Duplicate container name: app"),
        ({"containerDefinitions": [APP | {"essential": False}]}, "essential"),
        ({"containerDefinitions": [{"name": "app"}]}, "must not be blank"),
        ({"containerDefinitions": [{"name": "a", "image": "i"}]}, "memoryReservation"),
        (FARGATE, "network mode 'awsvpc'"),
        (FARGATE | {"networkMode": "awsvpc", "cpu": "513"}, "513 CPU, 512 memory"),
        (FARGATE | {"networkMode": "awsvpc", "memory": "99"}, "256 CPU, 99 memory"),
        ({"cpu": "much"}, "Invalid 'cpu'"),
    ],
    ids=lambda v: v.replace(" ", "-") if isinstance(v, str) else "",
)
def test_refuses_definitions_that_aws_refuses(fields, reason):
    with pytest.raises(EcsError, match=reason):
        register(Ecs(), **fields)


def test_a_duplicate_variable_is_refused():
    app = APP | {
        "environment": [{"name": "A", "value": "1"}],
        "secrets": [{"name": "A", "valueFrom": "/p"}],
    }

    with pytest.raises(EcsError, match="Duplicate variable name: A"):
        register(Ecs(), containerDefinitions=[app])


def test_ports_must_match_in_awsvpc():
    app = APP | {"portMappings": [{"containerPort": 80, "hostPort": 8080}]}

    with pytest.raises(EcsError, match="must match"):
        register(Ecs(), networkMode="awsvpc", containerDefinitions=[app])
