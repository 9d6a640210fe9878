"""The main container of an imported service, and the references to it."""

import pytest

from controller.kinds.service.importing.aws.importer import entry_of
from controller.kinds.service.importing.minimal import spec_of
from controller.kinds.service.importing.own_container import own_container
from controller.kinds.service.normalize import canonical
from controller.kinds.service.state.service import ServiceState
from controller.spec.literals import looks_secret
from tests.builders.services import PLATFORM

NAME = "hokusai-web-development"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1"
REGISTRY = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1"
APP = {"name": "app", "image": "x/app:1", "essential": True}
ROUTER = {"name": "router", "image": "x/router:1", "essential": True}
EXPORTER = {"name": "exporter", "image": "x/exporter:1", "essential": False}
PORT = {"portMappings": [{"containerPort": 8080, "name": "http"}]}


def lead_to_app(**service):
    return [ROUTER, {**APP, **PORT}, {**EXPORTER, **PORT}], service


@pytest.mark.parametrize(
    ("containers", "service"),
    [
        pytest.param(
            *lead_to_app(
                loadBalancers=[
                    {
                        "targetGroupArn": GROUP,
                        "containerName": "app",
                        "containerPort": 8080,
                    }
                ]
            ),
            id="a load balancer",
        ),
        pytest.param(
            *lead_to_app(
                serviceRegistries=[{"registryArn": REGISTRY, "containerName": "app"}]
            ),
            id="a registry by name",
        ),
        pytest.param(
            [ROUTER, {**APP, **PORT}],
            {"serviceRegistries": [{"registryArn": REGISTRY, "port": 8080}]},
            id="a registry by port",
        ),
        pytest.param(
            [
                {**ROUTER, "portMappings": [{"containerPort": 24224}]},
                {**APP, **PORT},
            ],
            {
                "serviceConnectConfiguration": {
                    "enabled": True,
                    "services": [{"portName": "http"}],
                }
            },
            id="service connect",
        ),
        pytest.param([ROUTER, {**APP, **PORT}], {}, id="a port mapping"),
        pytest.param(
            [{**EXPORTER, **PORT}, {**APP, **PORT}], {}, id="an essential port mapping"
        ),
        pytest.param([EXPORTER, APP], {}, id="essential"),
        pytest.param(
            [{**ROUTER, "firelensConfiguration": {"type": "fluentbit"}}, APP],
            {},
            id="no log router",
        ),
        pytest.param([APP, EXPORTER], {}, id="the first"),
    ],
)
def test_the_main_container_is_the_one_that_requests_reach(containers, service):
    assert own_container(NAME, containers, service)["name"] == "app"


def test_a_container_with_the_name_of_the_service_is_the_main_one():
    containers = [{**APP, **PORT}, {**EXPORTER, "name": NAME}]

    assert own_container(NAME, containers, {})["name"] == NAME


def test_a_task_definition_without_containers_is_refused():
    with pytest.raises(ValueError, match="no containers"):
        own_container(NAME, [], {})


def live(containers, definition=None, **service) -> ServiceState:
    described = {
        "family": NAME,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "containerDefinitions": containers,
        **(definition or {}),
    }
    settings = {
        "serviceName": NAME,
        "clusterArn": f"arn:aws:ecs:us-east-1:123456789012:cluster/{PLATFORM.cluster}",
        "desiredCount": 1,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        **service,
    }
    return ServiceState(
        "arn:service",
        "ACTIVE",
        canonical(described),
        "td:1",
        settings,
        described=described,
    )


def test_every_reference_to_a_renamed_container_follows():
    proxy = {"type": "APPMESH", "containerName": "app", "properties": []}
    exporter = {
        **EXPORTER,
        "dependsOn": [{"containerName": "app", "condition": "START"}],
        "volumesFrom": [{"sourceContainer": "app", "readOnly": True}],
        "links": ["app:web", "app"],
    }
    other = {
        "name": "application",
        "image": "x:1",
        "essential": False,
        "links": ["exporter"],
    }
    balancer = {
        "targetGroupArn": GROUP,
        "containerName": "app",
        "containerPort": 8080,
    }
    registry = {
        "registryArn": REGISTRY,
        "containerName": "app",
        "containerPort": 8080,
    }
    state = live(
        [exporter, {**APP, **PORT}, other],
        {
            "networkMode": "bridge",
            "requiresCompatibilities": ["EC2"],
            "proxyConfiguration": proxy,
        },
        loadBalancers=[balancer],
        serviceRegistries=[registry],
        networkConfiguration={},
    )

    entry = entry_of("web", state, PLATFORM, looks_secret)

    fields = {k: v for k, v in entry.fields.items() if k != "adopt"}
    containers = {c["name"]: c for c in fields["task"]["containerDefinitions"]}
    spec = spec_of("web", fields, PLATFORM)
    assert spec.image == "x/app:1"
    assert containers["exporter"]["dependsOn"][0]["containerName"] == NAME
    assert containers["exporter"]["volumesFrom"][0]["sourceContainer"] == NAME
    assert containers["exporter"]["links"] == [f"{NAME}:web", NAME]
    assert containers["application"]["links"] == ["exporter"]
    assert fields["task"]["proxyConfiguration"]["containerName"] == NAME
    assert fields["service"]["loadBalancers"][0]["containerName"] == NAME
    assert fields["service"]["serviceRegistries"][0]["containerName"] == NAME
    assert "its container is named app" in "; ".join(entry.remarks)


@pytest.mark.parametrize("order", [1, -1])
def test_containers_that_wait_for_each_other_are_imported_in_any_order(order):
    waits = {"dependsOn": [{"containerName": "router", "condition": "START"}]}
    port = {"portMappings": [{"containerPort": 8080}]}
    state = live([{**APP, **port, **waits}, ROUTER][::order])

    entry = entry_of("web", state, PLATFORM, looks_secret)

    assert entry.fields["image"] == "x/app:1"
    assert entry.fields["port"] == 8080
