"""Addresses of resources, as callers write them."""

from typing import Annotated, TypeAlias

from fastapi import HTTPException, Query

from controller.core.document.resource import ResourceId

Address: TypeAlias = Annotated[str, Query(max_length=320)]


def parsed(text: str) -> ResourceId:
    """Return the address that ``text`` is; anything else is answered with 422."""
    try:
        return ResourceId.parse(text)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
