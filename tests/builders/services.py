"""Specs and states of the service `api`, with defaults."""

from controller.core.document.platform import Platform
from controller.kinds.service import KIND
from controller.kinds.service.normalize import canonical
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import Deployment, ServiceState

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/hokusai-api-development:3"


def spec(**fields) -> ServiceSpec:
    declared = {
        "image": "hokusai/api:latest",
        "cpu": 512,
        "memory": 1024,
        "port": 8001,
        "discovery": "api",
        "environment": {"B": "2", "A": "1"},
        "secrets": {
            "DB_PASSWORD": {"secretsmanager": "hokusai/app:database_password"},
            "REDIS_HOST": {"ssm": "/hokusai/development/redis/endpoint"},
        },
        "health": {"path": "/health"},
        **fields,
    }
    return KIND.complete("api", ServiceSpec.model_validate(declared), PLATFORM)


def deployment(rollout="COMPLETED", status="PRIMARY", **more) -> Deployment:
    return Deployment("ecs-svc/1", status, rollout, "", ARN, 1, 1, **more)


def state(of: ServiceSpec, **more) -> ServiceState:
    """Return the service as it is when it is as ``of`` asks."""
    return ServiceState(
        arn="arn:service",
        status="ACTIVE",
        definition=more.pop("definition", canonical(render(of))),
        definition_arn=ARN,
        settings=more.pop("settings", settings(of)),
        desired=1,
        running=more.pop("running", 1),
        deployments=more.pop("deployments", (deployment(),)),
        discovery=more.pop("discovery", "api"),
        **more,
    )


def paths(of: ServiceSpec, seen: ServiceState) -> list[str]:
    return [change.path for change in KIND.compare(of, seen)]
