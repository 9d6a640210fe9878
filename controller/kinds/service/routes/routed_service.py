"""As much of a service as leads requests to it."""

from typing import Protocol

from controller.kinds.service.spec.routes import RouteSpec


class CheckedService(Protocol):
    """How a service says that it works."""

    path: str | None
    matcher: str
    interval: int
    timeout: int
    retries: int
    grace: int


class RoutedService(Protocol):
    """As much of a service as its routes are about."""

    @property
    def name(self) -> str:
        """The service's name in ECS."""
        ...

    @property
    def port(self) -> int | None:
        """Where its containers listen."""
        ...

    @property
    def target_protocol(self) -> str:
        """What is spoken there."""
        ...

    @property
    def target_group(self) -> str:
        """The name of its target group."""
        ...

    @property
    def load_balancer(self) -> str:
        """The platform's load balancer, where it may have had routes."""
        ...

    @property
    def routes(self) -> tuple[RouteSpec, ...]:
        """The ways to it."""
        ...

    @property
    def health(self) -> "CheckedService | None":
        """How to see that it works."""
        ...

    @property
    def owner(self) -> str:
        """The value of our ownership tag."""
        ...
