"""The registered models."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from controller.api.models.listing import Models, ModelSource

_LONGEST_NAME = 256


def router(source: ModelSource) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1", tags=["models"])

    @routes.get("/models")
    async def models(
        name: Annotated[
            str | None,
            Query(max_length=_LONGEST_NAME, description="Only this model, by name."),
        ] = None,
    ) -> Models:
        """Return the registered models with their versions.

        While MLflow is away, what it last said, marked ``stale``; 503 if it
        never said anything.
        """
        known = await source.models()
        if name is None:
            return known
        return replace(known, models=tuple(m for m in known.models if m.name == name))

    return routes
