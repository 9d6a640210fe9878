"""Moments as ECS tells them."""

from datetime import UTC, datetime
from typing import Any


def moment(value: Any) -> datetime | None:
    """Return a time as botocore, or a simulator, tells it; None if it is none."""
    match value:
        case datetime():
            return value.astimezone(UTC)
        case int() | float():
            return datetime.fromtimestamp(value, UTC)
        case _:
            return None
