import json
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from controller.emulation.data import aws_fills

FILLS = aws_fills()
DATA = yaml.load(
    files("controller.emulation.ecs").joinpath("fills.yaml").read_text(),
    Loader=yaml.CSafeLoader,
)
RECORDED = Path(__file__).parents[2] / "corpus"


def definition(network="awsvpc", **container):
    app = {"name": "app", "image": "web:1", **container}
    return {"family": "web", "networkMode": network, "containerDefinitions": [app]}


def container_of(filled):
    return filled["containerDefinitions"][0]


def test_fills_omitted_fields_of_a_container():
    filled = container_of(FILLS.fill_definition(definition()))

    assert filled == {
        "name": "app",
        "image": "web:1",
        "cpu": 0,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "portMappings": [],
        "systemControls": [],
        "volumesFrom": [],
    }


@pytest.mark.parametrize(
    ("network", "port"), [("awsvpc", 80), ("host", 80), ("bridge", 0)]
)
def test_the_host_port_depends_on_the_network_mode(network, port):
    body = definition(network, portMappings=[{"containerPort": 80}])

    filled = container_of(FILLS.fill_definition(body))

    expected = {"containerPort": 80, "hostPort": port, "protocol": "tcp"}
    assert filled["portMappings"] == [expected]


def test_fills_the_times_of_a_health_check():
    body = definition(healthCheck={"command": ["CMD", "true"], "timeout": 9})

    check = container_of(FILLS.fill_definition(body))["healthCheck"]

    assert (check["interval"], check["timeout"], check["retries"]) == (30, 9, 3)


def test_a_named_volume_gets_an_empty_host_and_efs_a_root():
    efs = {"name": "b", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}
    body = definition() | {"volumes": [{"name": "a"}, efs]}

    volumes = FILLS.fill_definition(body)["volumes"]

    assert volumes[0] == {"name": "a", "host": {}}
    assert volumes[1]["efsVolumeConfiguration"]["rootDirectory"] == "/"
    assert "host" not in volumes[1]


def test_reorders_the_same_way_every_time():
    names = [{"name": letter, "value": "1"} for letter in "ABCDEF"]

    once = container_of(FILLS.fill_definition(definition(environment=names)))
    twice = container_of(FILLS.fill_definition(definition(environment=names[::-1])))

    assert once["environment"] == twice["environment"]
    assert once["environment"] != names
    assert sorted(once["environment"], key=lambda e: e["name"]) == names


def test_does_not_change_the_request():
    body = definition(environment=[{"name": "B"}, {"name": "A"}])
    before = json.dumps(body)

    FILLS.fill_definition(body)

    assert json.dumps(body) == before


def test_filling_is_idempotent():
    once = FILLS.fill_definition(definition(portMappings=[{"containerPort": 80}]))

    assert FILLS.fill_definition(once) == once


def test_a_switch_controls_its_fills():
    breaker = {"enable": True, "rollback": True}
    body = {"deploymentConfiguration": {"deploymentCircuitBreaker": breaker}}

    on = FILLS.with_switches(["breaker-thresholds"]).fill_service(body)
    off = FILLS.with_switches([]).fill_service(body)

    kept = "deploymentConfiguration", "deploymentCircuitBreaker"
    assert "thresholdConfiguration" in on[kept[0]][kept[1]]
    assert off[kept[0]][kept[1]] == breaker


def test_fills_a_service():
    network = {"awsvpcConfiguration": {"subnets": ["s"]}}
    body = {"launchType": "FARGATE", "networkConfiguration": network}

    filled = FILLS.fill_service(body)

    assert filled["platformVersion"] == "LATEST"
    assert filled["deploymentConfiguration"]["maximumPercent"] == 200
    awsvpc = filled["networkConfiguration"]["awsvpcConfiguration"]
    assert (awsvpc["assignPublicIp"], awsvpc["securityGroups"]) == ("DISABLED", [])


def test_a_daemon_has_its_own_percentages():
    filled = FILLS.fill_service({"schedulingStrategy": "DAEMON"})

    configuration = filled["deploymentConfiguration"]
    assert configuration["maximumPercent"] == 100
    assert configuration["minimumHealthyPercent"] == 0
    assert filled["availabilityZoneRebalancing"] == "DISABLED"


def test_a_capacity_provider_gets_a_base_and_a_weight():
    body = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]}

    (item,) = FILLS.fill_service(body)["capacityProviderStrategy"]

    assert item == {"capacityProvider": "FARGATE", "weight": 1, "base": 0}


def test_every_rule_uses_an_existing_switch():
    rules = FILLS.task_definition + FILLS.service

    used = {rule.switch for rule in rules if rule.switch}

    assert used <= DATA["switches"].keys()


def test_every_rule_cites_its_source():
    rules = [*DATA["task_definition"], *DATA["service"], *DATA["switches"].values()]

    assert [rule for rule in rules if not rule.get("source")] == []


def recorded():
    """Return the pairs that differ only in values that ECS filled in."""
    pairs = sorted(RECORDED.glob("*.json"))
    return [path for path in pairs if "spelled" not in json.loads(path.read_text())]


# Cloud Control uses other names, and omits read-only fields.
RENAMED = {"name", "role", "serviceArn", "placementStrategies", "cluster"}
READ_ONLY = {
    "taskDefinitionArn",
    "tags",
    "family",
    "loadBalancers",
    "serviceRegistries",
    *("revision", "status", "compatibilities", "requiresAttributes"),
    *("registeredAt", "registeredBy"),
    *("clusterArn", "runningCount", "pendingCount", "events", "deployments"),
    *("createdAt", "createdBy", "roleArn", "taskSets", "scalableTarget"),
    # ECS normalizes amounts at registration; that is not a fill.
    *("cpu", "memory"),
}
UNSEEN = {"launchType", "platformFamily", "propagateTags", "placementStrategy"}


def comparable(value):
    """Return the value without the order of its lists."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((comparable(item) for item in value), key=json.dumps)
    return value


@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.stem)
def test_some_setting_of_the_switches_reproduces_aws(path):
    pair = json.loads(path.read_text())
    kind = path.name.partition(".")[0]
    fill = "fill_service" if kind == "Service" else "fill_definition"
    hidden = RENAMED | READ_ONLY | UNSEEN
    live = {k: v for k, v in pair["live"].items() if k not in hidden}

    outcomes = []
    for on in ([], ["breaker-thresholds"], ["empty-lists"]):
        filled = getattr(FILLS.with_switches(on), fill)(pair["declared"])
        shown = {k: v for k, v in filled.items() if k not in hidden | {"serviceName"}}
        outcomes.append(comparable(shown))

    live.pop("serviceName", None)
    assert comparable(live) in outcomes
