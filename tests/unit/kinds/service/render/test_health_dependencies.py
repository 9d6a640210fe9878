"""Health checks that ECS acts on must not depend on another service."""

from pathlib import Path

import pytest

from controller.core.document.platform import ENVIRONMENTS, Platform
from controller.core.document.resource import ResourceId
from controller.kinds import discover
from controller.kinds.service import KIND
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.routes.health_checks import declared_health
from controller.kinds.service.spec.service import ServiceSpec
from controller.spec.document import load

ROOT = Path(__file__).parents[5]
PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
OURS = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/api:latest"
ROUTE = [{"host": "api.hokus.ai", "path": "/*", "listeners": [443]}]


def service(key, **fields):
    declared = {"image": "x/web:1", "port": 8001, "discovery": key, **fields}
    spec = KIND.complete(key, ServiceSpec.model_validate(declared), PLATFORM)
    return {ResourceId("service", key): spec}


def warnings(**fields):
    specs = service("mlflow", image="x/mlflow:1") | service("api", **fields)
    return [(found.path, found.problem) for found in KIND.warnings(specs)]


def command(line):
    return {"command": ["CMD-SHELL", line]}


DEPENDENT = [
    pytest.param(
        {"image": OURS, "health": {"path": "/api/v1/health"}},
        ("health", "path"),
        "MLflow",
        id="the health of everything",
    ),
    pytest.param(
        {"command": ["hokusai", "serve"], "health": {"path": "/api/v1/health"}},
        ("health", "path"),
        "MLflow",
        id="our API by its command",
    ),
    pytest.param(
        {
            "image": OURS,
            "routes": ROUTE,
            "health": {
                "path": "/api/v1/health",
                **command("curl -f http://localhost:8001/live"),
            },
        },
        ("health", "path"),
        "MLflow",
        id="of a target group only",
    ),
    pytest.param(
        {"health": {"path": "/api/health/mlflow"}},
        ("health", "path"),
        "service/mlflow",
        id="a path that names another service",
    ),
    pytest.param(
        {"health": command("nc -z mlflow.hokusai-development.local 5000")},
        ("health", "command"),
        "service/mlflow",
        id="a command that names the host of another service",
    ),
    pytest.param(
        {"health": command("curl -f https://login.example.com/health || exit 1")},
        ("health", "command"),
        "login.example.com",
        id="a command that requests another host",
    ),
    pytest.param(
        {
            "image": OURS,
            "health": command("curl -f http://127.0.0.1:8001/api/v1/health || exit 1"),
        },
        ("health", "command"),
        "MLflow",
        id="a command that requests the health of everything",
    ),
    pytest.param(
        {
            "task": {
                "containerDefinitions": [
                    {
                        "name": "hokusai-api-development",
                        "healthCheck": {
                            "command": ["CMD", "curl", "http://mlflow:5000/health"]
                        },
                    }
                ]
            }
        },
        ("task", "containerDefinitions"),
        "mlflow",
        id="a check in the fields of AWS",
    ),
]


@pytest.mark.parametrize(("fields", "path", "named"), DEPENDENT)
def test_a_check_that_depends_on_another_service_is_a_warning(fields, path, named):
    ((found, problem),) = warnings(**fields)

    assert found == path
    assert named in problem


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="no check"),
        pytest.param({"image": OURS, "health": {"path": "/live"}}, id="the process"),
        pytest.param({"health": {"path": "/api/v1/health"}}, id="another program"),
        pytest.param({"health": {"path": "/mlflow"}}, id="a path without a check"),
        pytest.param(
            {
                "image": OURS,
                "health": {
                    "path": "/api/v1/health",
                    **command("curl -f http://localhost:8001/live"),
                },
            },
            id="a path that nothing uses",
        ),
        pytest.param(
            {"health": command("curl -f http://$HOSTNAME:8001/live")}, id="a variable"
        ),
        pytest.param(
            {"health": command("curl http://api.hokusai-development.local/live")},
            id="its own host",
        ),
    ],
)
def test_a_check_of_the_service_itself_is_no_warning(fields):
    assert warnings(**fields) == []


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_the_checks_of_our_api_look_at_the_process_alone(environment):
    document = load(
        str(ROOT / "hokusai.yaml"),
        environment=environment,
        environ={},
        kinds=discover(),
    )
    spec = document.resources[ResourceId("service", "api")].spec

    (container,) = render(spec)["containerDefinitions"]
    target = dict(declared_health(spec))

    assert document.warnings == ()
    assert any("/live" in word for word in container["healthCheck"]["command"])
    assert target["HealthCheckPath"] == "/ready"
