"""Deployments of the service `api` in every phase."""

from datetime import timedelta

from controller.kinds.service.state.service import Deployment, ServiceDeployment
from tests.builders.services import spec, state

DEADLINE = timedelta(minutes=10)
ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:"


def primary(number, rollout="COMPLETED", running=1, **more):
    arn = f"{ARN}{number}"
    return Deployment(
        f"ecs-svc/{number}", "PRIMARY", rollout, "", arn, 1, running, **more
    )


def flight(number, status, **more):
    return ServiceDeployment("arn:flight", status, f"ecs-svc/{number}", **more)


def seen(deployment, **more):
    return state(spec(), deployments=(deployment,), running=deployment.running, **more)
