"""Which news of ECS are of our cluster."""

import json

import pytest

from controller.core.status.aws_events import (
    AwsMessage,
    classify_message,
    event_pattern,
)

SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/hokusai-development/api"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/hokusai-development"


def event(kind, resources=(), source="aws.ecs", **detail):
    parts = {"source": source, "detail-type": kind, "detail": detail}
    return json.dumps({**parts, "resources": [*resources]})


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (event("ECS Deployment State Change", [SERVICE]), AwsMessage.RELEVANT),
        (event("ECS Task State Change", clusterArn=CLUSTER), AwsMessage.RELEVANT),
        (
            event("ECS Service Action", [SERVICE], clusterArn=CLUSTER),
            AwsMessage.RELEVANT,
        ),
        (
            event("ECS Task State Change", clusterArn=CLUSTER + "-2"),
            AwsMessage.IRRELEVANT,
        ),
        (
            event("ECS Container Instance State Change", [SERVICE]),
            AwsMessage.IRRELEVANT,
        ),
        (event("ECS Service Action", [SERVICE], source="mine"), AwsMessage.IRRELEVANT),
        ("", AwsMessage.MALFORMED),
        ("[]", AwsMessage.MALFORMED),
        ('{"detail": 1}', AwsMessage.MALFORMED),
        ('{"detail": {}}', AwsMessage.MALFORMED),
        ('{"detail": {}, "source": [], "detail-type": {}}', AwsMessage.IRRELEVANT),
    ],
)
def test_a_message_is_ours_others_or_malformed(body, what):
    assert classify_message(body, "hokusai-development") is what


def test_the_pattern_chooses_what_we_know():
    assert json.loads(event_pattern())["source"] == ["aws.ecs"]
