"""Services with images that move and secrets that are rotated."""

from datetime import timedelta

from controller.core.document.platform import Platform
from controller.kinds.service import KIND
from controller.kinds.service.normalize import canonical
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.images import Freshness, SecretsSeen
from controller.kinds.service.state.service import Deployment, ServiceState

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai-api"
IMAGE, NAME = f"{REPOSITORY}:latest", "hokusai-api-development"
HOUR = timedelta(hours=1)


def spec(**fields) -> ServiceSpec:
    declared = {"image": IMAGE, **fields}
    return KIND.complete("api", ServiceSpec.model_validate(declared), PLATFORM)


def state(of, *, images=(), secrets=None, tags=(), rollout="COMPLETED", **more):
    arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:3"
    answer = {
        **settings(of),
        "currentServiceDeployment": "arn:service-deployment/d1",
        "tags": [{"key": key, "value": value} for key, value in dict(tags).items()],
    }
    return ServiceState(
        arn="arn:service",
        status="ACTIVE",
        definition=canonical(render(of)),
        definition_arn=arn,
        settings=answer,
        desired=1,
        running=1,
        deployments=(Deployment("ecs-svc/1", "PRIMARY", rollout, "", arn, 1, 1),),
        fresh=Freshness(
            "service/api",
            tuple(images),
            secrets or SecretsSeen(),
            more.pop("rested", HOUR),
        ),
        **more,
    )
