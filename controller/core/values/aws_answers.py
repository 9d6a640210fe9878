"""Values in responses of AWS: times and addresses."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def utc_time(value: Any) -> datetime | None:
    """Return a time of botocore or a simulator in UTC; None if it is not a time."""
    match value:
        case datetime():
            return value.astimezone(UTC)
        case int() | float():
            return datetime.fromtimestamp(value, UTC)
        case _:
            return None


def private_address(task: Mapping[str, Any]) -> str:
    """Return the private address of a task of ECS; empty while it has none."""
    for container in task.get("containers", ()):
        for interface in container.get("networkInterfaces", ()):
            return str(interface.get("privateIpv4Address", ""))
    return ""
