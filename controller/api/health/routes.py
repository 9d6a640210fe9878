"""Health routes: the process alone, and its dependencies."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from controller.api.errors import problem
from controller.api.health.checks import Component, ComponentStatus, HealthSource, worst
from controller.core.clock import Clock
from controller.core.webhooks.event import rfc3339

_UNAVAILABLE = 503


def router(
    health: HealthSource, clock: Clock, version: str, ready: Callable[[], bool]
) -> APIRouter:
    """Return the routes.

    Args:
        health: Knows how the parts do.
        clock: Dates the answer.
        version: Of this program.
        ready: Whether new requests are welcome.
    """
    routes = APIRouter(tags=["health"])

    @routes.get("/health")
    @routes.get("/live")
    async def process() -> dict[str, str]:
        """Say that the process runs. Looks at nothing else: see api/v1/health."""
        return {"status": ComponentStatus.HEALTHY, "version": version}

    @routes.get("/ready")
    async def readiness() -> JSONResponse:
        """Say whether new requests are welcome."""
        if ready():
            return JSONResponse({"ready": True})
        return problem(_UNAVAILABLE, "The service is stopping.", ready=False)

    @routes.get("/api/v1/health")
    async def everything() -> JSONResponse:
        """Say how every part does; 503 if one of them is unhealthy."""
        components = await health.components()
        status = worst(components)
        return JSONResponse(
            {
                "status": status,
                "version": version,
                "timestamp": rfc3339(int(clock.now().timestamp() * 1000)),
                "services": {name: _told(c) for name, c in components.items()},
            },
            _UNAVAILABLE if status is ComponentStatus.UNHEALTHY else 200,
        )

    return routes


def _told(component: Component) -> dict[str, Any]:
    message = {"message": component.message} if component.message else {}
    return {"status": component.status, **message, **component.details}
