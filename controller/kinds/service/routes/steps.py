"""Steps that change the routes of a service, one for each write to a load balancer.

A step is a value: ``change`` describes it in a plan, and ``LoadBalancers`` carries it
out.
"""

from dataclasses import dataclass
from typing import TypeAlias

from controller.core.resources.plan import Change
from controller.kinds.service.spec.routes import RouteSpec

Health: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CreateTargetGroup:
    """Create the target group in the VPC of the load balancer."""

    name: str
    protocol: str
    port: int
    network: str
    health: Health

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        return Change("routes.target_group", None, self.name)


@dataclass(frozen=True, slots=True)
class UpdateTargetGroup:
    """Set the declared health check of the target group, or complete its creation."""

    arn: str
    name: str
    before: Health
    health: Health

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        differ = [
            (key, dict(self.before).get(key), value)
            for key, value in self.health
            if dict(self.before).get(key) != value
        ]
        before = ", ".join(f"{key} {value}" for key, value, _ in differ)
        after = ", ".join(f"{key} {value}" for key, _, value in differ)
        return Change(
            f"routes.target_group[{self.name}]",
            before or "unfinished",
            after or "finished",
        )


@dataclass(frozen=True, slots=True)
class CreateRule:
    """Create a rule that forwards the requests of a route to the target group."""

    listener: str
    port: int
    route: RouteSpec
    priority: int

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        return Change(path_of(self.route, self.port), None, f"priority {self.priority}")


@dataclass(frozen=True, slots=True)
class UpdateRule:
    """Make a managed rule forward to the target group only."""

    rule: str
    port: int
    route: RouteSpec
    before: str

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        path = f"{path_of(self.route, self.port)}.target"
        return Change(path, self.before or "another target", "the service")


@dataclass(frozen=True, slots=True)
class SetRulePriority:
    """Change the priority of a managed rule."""

    rule: str
    port: int
    route: RouteSpec
    before: int
    priority: int

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        path = f"{path_of(self.route, self.port)}.priority"
        return Change(path, self.before, self.priority)


@dataclass(frozen=True, slots=True)
class DeleteRule:
    """Delete a managed rule whose route is no longer declared."""

    rule: str
    port: int
    what: str
    priority: int

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        path = f"routes[{self.what}].listeners[{self.port}]"
        return Change(path, f"priority {self.priority}", None)


@dataclass(frozen=True, slots=True)
class DeleteTargetGroup:
    """Delete the managed target group of a service without routes."""

    arn: str
    name: str

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        return Change("routes.target_group", self.name, None)


Step: TypeAlias = (
    CreateTargetGroup
    | UpdateTargetGroup
    | CreateRule
    | UpdateRule
    | SetRulePriority
    | DeleteRule
    | DeleteTargetGroup
)


def path_of(route: RouteSpec, port: int) -> str:
    """Return the path of a route on one listener."""
    return f"routes[{route.name}].listeners[{port}]"
