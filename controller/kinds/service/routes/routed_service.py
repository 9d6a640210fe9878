"""The fields of a service that its routes depend on."""

from typing import Protocol

from controller.kinds.service.spec.routes import RouteSpec


class CheckedService(Protocol):
    """Declared health check of a service."""

    path: str | None
    matcher: str
    interval: int
    timeout: int
    retries: int
    grace: int


class RoutedService(Protocol):
    """A service as its routes need it."""

    @property
    def name(self) -> str:
        """Name in ECS."""
        ...

    @property
    def port(self) -> int | None:
        """Port on which its container listens."""
        ...

    @property
    def target_protocol(self) -> str:
        """Protocol on that port: ``http`` or ``https``."""
        ...

    @property
    def target_group(self) -> str:
        """Name of its target group."""
        ...

    @property
    def load_balancer(self) -> str:
        """Load balancer of the platform, read if no route names one."""
        ...

    @property
    def routes(self) -> tuple[RouteSpec, ...]:
        """Declared routes."""
        ...

    @property
    def health(self) -> "CheckedService | None":
        """Declared health check, if any."""
        ...

    @property
    def owner(self) -> str:
        """Value of this controller's ownership tag."""
        ...
