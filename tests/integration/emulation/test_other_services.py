"""Faults of other services, and long polls."""

from threading import Thread

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.builders.emulated_aws import client, control


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ssm", "DescribeParameters", "ThrottlingException"),
        ("elbv2", "DescribeTargetGroups", "Throttling"),
    ],
    ids=["json", "query"],
)
def test_calls_of_any_service_can_be_throttled(stepped, service, operation, code):
    aws = client(stepped, service)
    call = getattr(aws, _method(aws, operation))
    control(stepped, "POST", "faults", {"call": operation, "fault": "throttle"})

    with pytest.raises(ClientError) as refused:
        call()

    assert refused.value.response["Error"]["Code"] == code
    assert call()["ResponseMetadata"]["HTTPStatusCode"] == 200


def _method(aws, operation):
    mapping = aws.meta.method_to_api_mapping
    return next(method for method, name in mapping.items() if name == operation)


@pytest.mark.parametrize(("fault", "done"), [("timeout", 0), ("lost-reply", 1)])
def test_a_lost_reply_has_an_effect_and_a_timeout_has_none(stepped, fault, done):
    ssm = client(stepped, "ssm")
    control(stepped, "POST", "faults", {"call": "PutParameter", "fault": fault})

    with pytest.raises(ConnectionClosedError):
        ssm.put_parameter(Name="/a", Value="1", Type="String")

    assert len(ssm.describe_parameters()["Parameters"]) == done


def test_a_long_poll_does_not_block_other_calls(stepped):
    sqs, ssm = client(stepped, "sqs"), client(stepped, "ssm")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    received = []

    def receive():
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
        received.extend(message["Body"] for message in answer["Messages"])

    waiting = Thread(target=receive)
    waiting.start()
    for number in range(5):
        ssm.put_parameter(Name=f"/{number}", Value="1", Type="String")
    client(stepped, "sqs").send_message(QueueUrl=queue, MessageBody="hello")
    waiting.join(timeout=10)

    assert received == ["hello"]


def test_unconfirmed_fills_are_set_over_http(stepped):
    ecs = client(stepped, "ecs")
    app = {"name": "app", "image": "web:1", "memory": 64}

    def keys():
        answer = ecs.register_task_definition(family="web", containerDefinitions=[app])
        return answer["taskDefinition"]["containerDefinitions"][0].keys()

    before = keys()
    control(stepped, "POST", "settings", {"fills": ["empty-lists"]})

    assert "dnsServers" not in before
    assert "dnsServers" in keys()


def test_objects_are_stored_unchanged(stepped):
    s3 = client(stepped, "s3")
    s3.create_bucket(Bucket="bucket")
    content = b"x" * 300_000

    s3.put_object(Bucket="bucket", Key="k", Body=content)

    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == content


def test_a_version_of_a_secret_has_its_creation_time(stepped):
    secrets = client(stepped, "secretsmanager")
    secrets.create_secret(Name="s", SecretString="a")
    (version,) = stepped.place.backend("secretsmanager").secrets["s"].versions.values()
    version["createdate"] = 1_000

    (listed,) = secrets.list_secret_version_ids(SecretId="s")["Versions"]

    assert listed["CreatedDate"].timestamp() == 1_000


@pytest.mark.parametrize(
    ("service", "call", "request_"),
    [
        (
            "iam",
            "simulate_principal_policy",
            {"PolicySourceArn": "arn:aws:iam::1:role/r" * 2, "ActionNames": ["s3:Get"]},
        ),
        ("ssm", "list_nodes", {}),
    ],
    ids=["query", "json"],
)
def test_an_operation_that_is_not_emulated_is_refused_by_name(
    stepped, capfd, service, call, request_
):
    aws = client(stepped, service)

    with pytest.raises(ClientError) as refused:
        getattr(aws, call)(**request_)

    name = aws.meta.method_to_api_mapping[call]
    error = refused.value.response["Error"]
    assert error["Code"] == "InvalidAction"
    assert error["Message"] == f"The emulation does not implement {name}."
    assert "Traceback" not in capfd.readouterr().err
