"""What there is to do about a service's routes: one step for each thing to change.

A step is a value. What it looks like to people is its ``change``; who carries it
out is ``balancers``.
"""

from dataclasses import dataclass
from typing import TypeAlias

from controller.core.resources.plan import Change
from controller.kinds.service.spec.routes import RouteSpec

Health: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CreateTargetGroup:
    """Make the target group, in the network of its load balancer."""

    name: str
    protocol: str
    port: int
    network: str
    health: Health

    @property
    def change(self) -> Change:
        """What it looks like."""
        return Change("routes.target_group", None, self.name)


@dataclass(frozen=True, slots=True)
class UpdateTargetGroup:
    """Have our target group check targets as declared, or finish making it."""

    arn: str
    name: str
    before: Health
    health: Health

    @property
    def change(self) -> Change:
        """What it looks like."""
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
    """Have a listener forward what a route matches to the target group."""

    listener: str
    port: int
    route: RouteSpec
    priority: int

    @property
    def change(self) -> Change:
        """What it looks like."""
        return Change(path_of(self.route, self.port), None, f"priority {self.priority}")


@dataclass(frozen=True, slots=True)
class UpdateRule:
    """Have a rule of ours forward to the target group, to it alone."""

    rule: str
    port: int
    route: RouteSpec
    before: str

    @property
    def change(self) -> Change:
        """What it looks like."""
        path = f"{path_of(self.route, self.port)}.target"
        return Change(path, self.before or "elsewhere", "the service")


@dataclass(frozen=True, slots=True)
class SetRulePriority:
    """Give a rule of ours another priority."""

    rule: str
    port: int
    route: RouteSpec
    before: int
    priority: int

    @property
    def change(self) -> Change:
        """What it looks like."""
        path = f"{path_of(self.route, self.port)}.priority"
        return Change(path, self.before, self.priority)


@dataclass(frozen=True, slots=True)
class DeleteRule:
    """Delete a rule of ours whose route is not declared."""

    rule: str
    port: int
    what: str
    priority: int

    @property
    def change(self) -> Change:
        """What it looks like."""
        path = f"routes[{self.what}].listeners[{self.port}]"
        return Change(path, f"priority {self.priority}", None)


@dataclass(frozen=True, slots=True)
class DeleteTargetGroup:
    """Delete our target group, which nothing is declared to forward to."""

    arn: str
    name: str

    @property
    def change(self) -> Change:
        """What it looks like."""
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
