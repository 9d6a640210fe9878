"""Reasons of requests, for the audit log."""

from fastapi import HTTPException


def recorded_reason(text: str) -> str:
    """Return a reason on one line; an empty one is answered with 422."""
    if not text.strip():
        raise HTTPException(422, "`reason` must not be empty: it is recorded")
    return " ".join(text.split())
