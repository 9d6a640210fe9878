"""Clients of the emulated AWS for tests."""

import json
from typing import Any

import boto3
import httpx
from botocore.config import Config

from controller.emulation.server import EmulatorServer
from controller.emulation.service_model import ecs_model

MODEL = ecs_model()
CREDENTIALS = {
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
    "region_name": "us-east-1",
}
ONCE = Config(retries={"total_max_attempts": 1})


def client(server: EmulatorServer, service: str) -> Any:
    """Return a boto3 client that validates ECS's responses with botocore's model."""
    created = boto3.client(service, endpoint_url=server.url, config=ONCE, **CREDENTIALS)
    if service == "ecs":
        created.meta.events.register("before-call.ecs", _check_request)
        created.meta.events.register("response-received.ecs", _check_answer)
    return created


def _check_request(model: Any, params: Any, **_: Any) -> None:
    problems = MODEL.request_problems(model.name, json.loads(params["body"]))
    assert problems == []


def _check_answer(response_dict: Any, context: Any, **_: Any) -> None:
    if response_dict and response_dict["status_code"] == 200:
        operation = response_dict["context"]["operation_name"]
        body = json.loads(response_dict["body"])
        assert MODEL.answer_problems(operation, body) == []


def control(server: EmulatorServer, method: str, path: str, body: Any = None) -> Any:
    """Send a request to the control endpoint of the emulator."""
    answer = httpx.request(method, f"{server.url}/_emulator/{path}", json=body)
    answer.raise_for_status()
    return answer.json()


def with_listener(server, group: str) -> str:
    """Create a load balancer with one listener that forwards to ``group``."""
    balancer, ec2 = client(server, "elbv2"), client(server, "ec2")
    subnets = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]][:2]
    created = balancer.create_load_balancer(Name="lb", Subnets=subnets)
    arn = created["LoadBalancers"][0]["LoadBalancerArn"]
    balancer.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return group
