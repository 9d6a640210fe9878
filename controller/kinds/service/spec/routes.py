"""Declared routes from load balancers to a service."""

from typing import Annotated

from pydantic import Field

from controller.core.document.fields import Line, Port, Section, Text, Whole
from controller.core.document.placement import BalancerName

RouteHost = Annotated[
    str, Text(r"[A-Za-z0-9*?.-]+", "a host name; * and ? stand for others", 128)
]
RoutePath = Annotated[
    str, Text(r"/[\w\-.$/~\"'@:+*?&]*", "a path that starts with /", longest=128)
]
MOST_PRIORITY = 50_000


class RouteSpec(Section):
    """A route from a load balancer to the service."""

    host: RouteHost = Field(
        description="Host of the requests.", examples=["api.hokus.ai"]
    )
    path: RoutePath = Field(
        default="/*", description="Path of the requests.", examples=["/api/*"]
    )
    listeners: tuple[Port, ...] = Field(
        default=(443,), min_length=1, description="Ports of the listeners."
    )
    load_balancer: BalancerName = Field(
        default="",
        description="Load balancer. Default: the platform's load balancer.",
        examples=["hokusai-shared"],
    )
    priority: Annotated[Whole, Field(ge=1, le=MOST_PRIORITY)] | None = Field(
        default=None,
        description="Priority of the listener rules. Default: derived from host and "
        "path, the most specific first.",
        examples=[120],
    )
    unauthenticated: Line | None = Field(
        default=None,
        description="Reason for exposing this route without authentication.",
        examples=["the health page is public"],
    )

    @property
    def name(self) -> str:
        """Display name: host and path."""
        return f"{self.host}{self.path}"
