"""Format of times in tables and messages."""

from datetime import UTC, datetime


def utc_text(at: datetime) -> str:
    """Return an aware time in UTC, to the second, as in 2026-01-31T12:00:00Z (RFC 3339)."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
