"""ECS events through EventBridge and SQS, as on the local platform."""

import threading
from datetime import timedelta

import pytest

from controller.clients.aws import BotoAws, Credentials
from controller.core.errors import NotFoundError
from controller.emulation.clocks import SteppedClock
from controller.emulation.ecs.timing import Timing
from controller.emulation.platform import create_queue
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.engine.event_queue import EventQueue
from controller.telemetry.metrics import Metrics


@pytest.fixture
def world():
    with EmulatorServer(
        runtime=ScriptedRuntime(), clock=SteppedClock(), timing=Timing.instant()
    ) as server:
        found = BotoAws(
            "us-east-1",
            endpoint_url=server.url,
            credentials=Credentials("test", "test"),
            light=True,
        )
        yield found, server


def stop(aws, server, cluster, task):
    aws.call("ecs", "StopTask", cluster=cluster, task=task)
    server.advance(timedelta(seconds=5))


def run_task(aws, cluster):
    aws.call("ecs", "CreateCluster", clusterName=cluster)
    subnet = aws.call("ec2", "DescribeSubnets")["Subnets"][0]["SubnetId"]
    aws.call(
        "ecs",
        "RegisterTaskDefinition",
        family="web",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "web", "image": "web:1"}],
    )
    answer = aws.call(
        "ecs",
        "RunTask",
        cluster=cluster,
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )
    return answer["tasks"][0]["taskArn"]


def listener(aws, queue, cluster, requests):
    return EventQueue(aws, queue, cluster, lambda: requests.append(1), Metrics())


def test_the_stop_of_a_managed_task_requests_a_pass(world):
    aws, server = world
    requests = []
    task = run_task(aws, "ours")
    queue = create_queue(aws, "ours")

    stop(aws, server, "ours", task)
    listener(aws, queue, "ours", requests).once(threading.Event())

    assert requests == [1]
    attributes = ["ApproximateNumberOfMessages"]
    left = aws.call(
        "sqs", "GetQueueAttributes", QueueUrl=queue, AttributeNames=attributes
    )
    assert left["Attributes"]["ApproximateNumberOfMessages"] == "0"


def test_events_of_another_cluster_request_no_pass(world):
    aws, server = world
    requests = []
    task = run_task(aws, "theirs")
    queue = create_queue(aws, "ours")

    stop(aws, server, "theirs", task)
    listener(aws, queue, "ours", requests).once(threading.Event())

    assert requests == []


def test_a_queue_that_does_not_exist_is_not_found(world):
    aws, _ = world
    queue = create_queue(aws, "ours").replace("ours", "nobodys")

    with pytest.raises(NotFoundError):
        aws.call("sqs", "ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=0)
