"""Pagination. A token contains the position of the next page."""

from collections.abc import Sequence
from typing import TypeVar

from controller.emulation.ecs.errors import invalid
from controller.emulation.ecs.state import Body

T = TypeVar("T")


def page(
    items: Sequence[T], body: Body, key: str, default: int = 100, maximum: int = 100
) -> Body:
    """Return one page of ``items`` under ``key``, with ``nextToken`` if more follow."""
    size = body.get("maxResults") or default
    if not 1 <= size <= maximum:
        message = f"maxResults must be between 1 and {maximum}"
        raise invalid(message)
    start = _position(body.get("nextToken"))
    answer: Body = {key: list(items[start : start + size])}
    if start + size < len(items):
        answer["nextToken"] = f"page-{start + size}"
    return answer


def _position(token: str | None) -> int:
    if not token:
        return 0
    prefix, _, position = token.partition("-")
    if prefix != "page" or not position.isdigit():
        message = "Invalid token"
        raise invalid(message)
    return int(position)


def checked_references(
    references: Sequence[str], maximum: int, name: str
) -> Sequence[str]:
    """Return the references of a describe call; refuse none, and too many."""
    if not references:
        message = f"{name} cannot be empty."
        raise invalid(message)
    if len(references) > maximum:
        message = f"{name} can have at most {maximum} items."
        raise invalid(message)
    return references
