"""References within a service are checked before any call."""

from pathlib import Path

import pytest

from controller.kinds.service.spec.consistency import inconsistencies
from tests.builders.ecs_corpus import FOLDERS, holds_a_pair, pair

APP = {"name": "app", "image": "app:1"}
SIDE = {"name": "side", "image": "side:1"}


def told(*containers, service=None, **task):
    """Return path and message of all that disagrees; the task is all that is written."""
    definition = {
        "networkMode": "awsvpc",
        "containerDefinitions": [*containers],
        **task,
    }
    return {
        ".".join(map(str, found.path)): found.problem
        for found in inconsistencies(definition, service or {}, definition)
    }


def waits(*needs, **more):
    depends = [{"containerName": n, "condition": c} for n, c in needs]
    return {**APP, "dependsOn": depends, **more}


def maps(*ports):
    return {**APP, "portMappings": [*ports]}


def test_a_mount_needs_a_volume_of_that_name():
    mounts = [{"sourceVolume": "a"}, {"sourceVolume": "b"}, {"containerPath": "/x"}]

    found = told({**APP, "mountPoints": mounts}, volumes=[{"name": "a"}])

    path = "task.containerDefinitions.0.mountPoints.1.sourceVolume"
    assert found == {path: "refers to an unknown volume: b"}


def test_a_volume_that_the_service_configures_is_one_of_the_task():
    service = {"volumeConfigurations": [{"name": "a"}, {"name": "b"}]}

    assert told(APP, service=service, volumes=[{"name": "a"}]) == {
        "service.volumeConfigurations.1.name": "refers to a volume that the task does not have: b"
    }


@pytest.mark.parametrize("source", ["nobody", "app"])
def test_volumes_come_from_another_container(source):
    found = told({**APP, "volumesFrom": [{"sourceContainer": source}]}, SIDE)

    assert [*found.values()] == [
        f"must name another container of the task, not {source}"
    ]
    assert told({**APP, "volumesFrom": [{"sourceContainer": "side"}]}, SIDE) == {}


@pytest.mark.parametrize(
    ("condition", "side", "what"),
    [
        ("START", {}, None),
        ("HEALTHY", {}, "is never met: side has no health check"),
        ("HEALTHY", {"healthCheck": {"command": ["CMD", "true"]}}, None),
        (
            "SUCCESS",
            {},
            "is never met: side is essential, so the task stops when it exits",
        ),
        (
            "COMPLETE",
            {},
            "is never met: side is essential, so the task stops when it exits",
        ),
        ("COMPLETE", {"essential": False}, None),
    ],
)
def test_a_condition_is_one_that_can_be_met(condition, side, what):
    found = told(waits(("side", condition)), {**SIDE, **side})

    assert [*found.values()] == ([what] if what else [])


def test_what_is_waited_for_is_another_container_of_the_task():
    found = told(waits(("app", "START"), ("nobody", "START")), SIDE)

    assert [*found.values()] == [
        "must name another container of the task, not app",
        "must name another container of the task, not nobody",
    ]


def test_a_cycle_of_containers_is_reported_once():
    third = {**SIDE, "name": "third", "dependsOn": [{"containerName": "app"}]}
    side = {**SIDE, "dependsOn": [{"containerName": "third"}]}

    found = told(waits(("side", "START")), side, third)

    assert [*found] == ["task.containerDefinitions.0.dependsOn.0"]
    (what,) = found.values()
    assert what.startswith("is circular, so no container starts: ")
    assert all(name in what for name in ("app", "side", "third"))


@pytest.mark.parametrize(
    ("soft", "hard", "is_told"),
    [
        (1024, 1024, False),
        (1025, 1024, True),
        (-1, 1024, True),
        (-1, -1, False),
        (9_999, -1, False),
    ],
)
def test_a_soft_limit_is_not_above_its_hard_one(soft, hard, is_told):
    limit = {"name": "nofile", "softLimit": soft, "hardLimit": hard}

    assert bool(told({**APP, "ulimits": [limit]})) is is_told


@pytest.mark.parametrize(
    ("mode", "host", "is_told"),
    [
        ("awsvpc", 80, True),
        ("awsvpc", 8001, False),
        ("awsvpc", 0, False),
        ("host", 80, True),
        ("bridge", 80, False),
    ],
)
def test_where_there_is_one_port_the_host_has_no_other(mode, host, is_told):
    ports = maps({"containerPort": 8001, "hostPort": host})

    assert bool(told(ports, networkMode=mode)) is is_told


@pytest.mark.parametrize("field", ["loadBalancers", "serviceRegistries"])
@pytest.mark.parametrize(
    ("name", "port", "what"),
    [
        ("app", 8001, None),
        ("app", 9005, None),
        ("app", None, None),
        (None, None, None),
        ("app", 80, "is not a port of app: 80"),
        ("web", 8001, "refers to an unknown container: web"),
    ],
)
def test_a_way_in_leads_to_a_port_of_a_container(field, name, port, what):
    way = {"containerName": name, "containerPort": port}
    ports = maps({"containerPort": 8001}, {"containerPortRange": "9000-9010"})

    found = told(ports, service={field: [{k: v for k, v in way.items() if v}]})

    assert [*found.values()] == ([what] if what else [])


@pytest.mark.parametrize(
    "field",
    [
        {"serviceConnectConfiguration": {"services": [{"portName": "web"}]}},
        {"vpcLatticeConfigurations": [{"portName": "web"}]},
    ],
)
def test_a_port_that_is_asked_for_by_name_has_it(field):
    other, named = ({"containerPort": 8001, "name": n} for n in ("http", "web"))

    assert [*told(maps(other), service=field).values()] == [
        "refers to an unknown port name: web"
    ]
    assert told(maps(other, named), service=field) == {}


def test_two_ports_have_two_names_in_whichever_containers():
    port = {"containerPort": 8001, "name": "http"}
    side = {**SIDE, "portMappings": [{"containerPort": 80, "name": "http"}]}

    assert told(maps(port), side) == {
        "task.containerDefinitions.1.portMappings.0.name": "is used twice: http"
    }


def test_what_the_document_says_elsewhere_counts_as_well():
    written = {"containerDefinitions": [{**SIDE, "dependsOn": []}]}
    whole = {
        "containerDefinitions": [SIDE, {**APP, "portMappings": [{"containerPort": 80}]}]
    }
    service = {"loadBalancers": [{"containerName": "app", "containerPort": 80}]}

    assert [*inconsistencies(written, service, whole)] == []


RECORDED = [
    file
    for folder in FOLDERS
    for file in sorted(Path(folder).rglob("*.json"))
    if holds_a_pair(file) and pair(file).kind == "TaskDefinition"
]


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_nothing_that_ecs_took_is_told(file):
    found = pair(file)

    for seen in (found.declared, found.live):
        assert [*inconsistencies(seen, {}, seen)] == []
