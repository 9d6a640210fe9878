"""ECS events that EventBridge delivers to a queue.

See "Amazon ECS events" in the Amazon ECS Developer Guide. An event only triggers a
pass: the pass reads the live state, and a lost event only delays it.
"""

import json
from enum import StrEnum
from typing import Any

SOURCE = "aws.ecs"
TYPES = (
    "ECS Deployment State Change",
    "ECS Service Action",
    "ECS Task State Change",
)


class AwsMessage(StrEnum):
    """Relevance of a message to this controller; the value is a metric label."""

    RELEVANT = "ours"
    IRRELEVANT = "others"
    MALFORMED = "malformed"


def classify_message(body: str, cluster: str) -> AwsMessage:
    """Return the relevance of the message ``body`` to the services of ``cluster``."""
    try:
        event = json.loads(body)
        if not isinstance(event, dict) or not isinstance(event["detail"], dict):
            return AwsMessage.MALFORMED
        known = event["source"] == SOURCE and event["detail-type"] in TYPES
        return (
            AwsMessage.RELEVANT
            if known and cluster in _clusters(event)
            else AwsMessage.IRRELEVANT
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return AwsMessage.MALFORMED


def event_pattern() -> str:
    """Return the event pattern for the EventBridge rule."""
    return json.dumps({"source": [SOURCE], "detail-type": list(TYPES)})


def _clusters(event: dict[str, Any]) -> set[str]:
    """Return the clusters that an event names.

    Deployment events contain it in the service's ARN, task events in a field.
    """
    found = {str(event["detail"].get("clusterArn", "")).rpartition("/")[2]}
    for arn in event.get("resources", ()):
        parts = str(arn).split("/")
        found |= set(parts[1:-1])
    return found
