"""Which news of ECS are of our cluster."""

import json

import pytest

from controller.core.status.aws_events import AwsEvents, news_of, pattern

SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/hokusai-development/api"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/hokusai-development"


def event(kind, resources=(), source="aws.ecs", **detail):
    parts = {"source": source, "detail-type": kind, "detail": detail}
    return json.dumps({**parts, "resources": [*resources]})


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (event("ECS Deployment State Change", [SERVICE]), AwsEvents.OURS),
        (event("ECS Task State Change", clusterArn=CLUSTER), AwsEvents.OURS),
        (event("ECS Service Action", [SERVICE], clusterArn=CLUSTER), AwsEvents.OURS),
        (event("ECS Task State Change", clusterArn=CLUSTER + "-2"), AwsEvents.OTHERS),
        (event("ECS Container Instance State Change", [SERVICE]), AwsEvents.OTHERS),
        (event("ECS Service Action", [SERVICE], source="mine"), AwsEvents.OTHERS),
        ("", AwsEvents.MALFORMED),
        ("[]", AwsEvents.MALFORMED),
        ('{"detail": 1}', AwsEvents.MALFORMED),
        ('{"detail": {}}', AwsEvents.MALFORMED),
        ('{"detail": {}, "source": [], "detail-type": {}}', AwsEvents.OTHERS),
    ],
)
def test_a_message_is_ours_others_or_malformed(body, what):
    assert news_of(body, "hokusai-development") is what


def test_the_pattern_chooses_what_we_know():
    assert json.loads(pattern())["source"] == ["aws.ecs"]
