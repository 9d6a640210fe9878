"""What the user asks of the ways to a service."""

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
    """A way from a load balancer to the service."""

    host: RouteHost = Field(
        description="The host asked for.", examples=["api.hokus.ai"]
    )
    path: RoutePath = Field(
        default="/*", description="The path asked for.", examples=["/api/*"]
    )
    listeners: tuple[Port, ...] = Field(
        default=(443,), min_length=1, description="The ports that listen."
    )
    load_balancer: BalancerName = Field(
        default="",
        description="The load balancer; the platform's, unless given.",
        examples=["hokusai-shared"],
    )
    priority: Annotated[Whole, Field(ge=1, le=MOST_PRIORITY)] | None = Field(
        default=None,
        description="The priority of its rules; follows from how special host and path "
        "are, unless given.",
        examples=[120],
    )
    unauthenticated: Line | None = Field(
        default=None,
        description="Why whoever comes this way need not say who they are.",
        examples=["the health page is public"],
    )

    @property
    def name(self) -> str:
        """How people speak of it: host and path."""
        return f"{self.host}{self.path}"
