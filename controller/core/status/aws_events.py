"""News of ECS, as EventBridge puts them into a queue.

See "Amazon ECS events" in the Amazon ECS Developer Guide. They only say when to look:
what is so is seen by looking, and nothing rests on their coming.
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


class AwsEvents(StrEnum):
    """What a message is to us; completes "it is ..."."""

    OURS = "of our cluster"
    OTHERS = "of no concern"
    MALFORMED = "malformed"


def news_of(body: str, cluster: str) -> AwsEvents:
    """Return what the message ``body`` is to whoever manages ``cluster``."""
    try:
        event = json.loads(body)
        if not isinstance(event, dict) or not isinstance(event["detail"], dict):
            return AwsEvents.MALFORMED
        known = event["source"] == SOURCE and event["detail-type"] in TYPES
        return (
            AwsEvents.OURS
            if known and cluster in _clusters(event)
            else AwsEvents.OTHERS
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return AwsEvents.MALFORMED


def pattern() -> str:
    """Return the pattern by which a rule of EventBridge chooses our news."""
    return json.dumps({"source": [SOURCE], "detail-type": list(TYPES)})


def _clusters(event: dict[str, Any]) -> set[str]:
    """Return the clusters that an event names.

    That of a deployment stands in the service's ARN, that of a task in a field.
    """
    found = {str(event["detail"].get("clusterArn", "")).rpartition("/")[2]}
    for arn in event.get("resources", ()):
        parts = str(arn).split("/")
        found |= set(parts[1:-1])
    return found
