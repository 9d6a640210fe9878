"""Times in responses of AWS."""

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
