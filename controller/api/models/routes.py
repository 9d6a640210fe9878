"""The registered models."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from controller.api.models.listing import Models, ModelSource, with_id

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
        id_: Annotated[
            str | None,
            Query(
                alias="id",
                max_length=_LONGEST_NAME,
                description="Only this model, by its id or a former id.",
            ),
        ] = None,
    ) -> Models:
        """Return the registered models with their versions.

        While MLflow is away, what it last said, marked ``stale``; 503 if it
        never said anything.
        """
        known = await source.models()
        found = known.models if id_ is None else with_id(known.models, id_)
        if name is not None:
            found = tuple(model for model in found if model.name == name)
        return replace(known, models=found)

    return routes
