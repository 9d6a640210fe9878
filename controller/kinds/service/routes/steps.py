"""Steps that change the routes of a service, one for each write to a load balancer.

A step is a value: ``change`` describes it in a plan, and ``LoadBalancers`` carries it
out.
"""

from dataclasses import dataclass
from typing import TypeAlias

from controller.core.resources.plan import Change, Effect
from controller.kinds.service.routes.health_checks import Health
from controller.kinds.service.spec.routes import RouteSpec

# Paths of the changes that end a trial of a health check.
CHECK = "routes.health_check"


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
    """Set the declared health check of the target group, or complete its creation.

    Attributes:
        arn: ARN of the target group.
        name: Its name.
        before: Its health check.
        health: Its health check afterwards.
        changed_for: Deployment for which the health check was changed before.
    """

    arn: str
    name: str
    before: Health
    health: Health
    changed_for: str = ""

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        before, after = _difference(self.before, self.health)
        return Change(
            f"routes.target_group[{self.name}]",
            before or "unfinished",
            after or "finished",
        )


@dataclass(frozen=True, slots=True)
class TryHealthCheck:
    """Check running tasks by the declared health check, in a target group of its own.

    Attributes:
        update: Update of the service's target group that follows the trial.
        name: Name of the trial's target group.
        port: Port of its targets.
        network: Id of its VPC.
        outdated: ARN of a group of this name with another health check; else empty.
        group: ARN of the trial's target group; empty if it must be created.
        rule: ARN of the rule that activates it; empty if it must be created.
        listener: ARN of the listener of that rule.
        priority: Priority of that rule.
        addresses: Addresses of tasks to register.
        health: Health check of the trial.
    """

    update: UpdateTargetGroup
    name: str
    port: int
    network: str
    outdated: str
    group: str
    rule: str
    listener: str
    priority: int
    addresses: tuple[str, ...]
    health: Health

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        return self.update.change


@dataclass(frozen=True, slots=True)
class RestoreHealthCheck:
    """Set the earlier health check again after a rollout was rejected."""

    arn: str
    before: Health
    health: Health

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        before, after = _difference(self.before, self.health)
        return Change(f"{CHECK}.restored", before, after)


@dataclass(frozen=True, slots=True)
class EndTrial:
    """Remove the trial of a health check.

    Attributes:
        arn: ARN of the service's target group; empty if there is none.
        group: ARN of the trial's target group; empty if there is none.
        rule: ARN of its rule; empty if there is none.
    """

    arn: str
    group: str
    rule: str

    @property
    def change(self) -> Change:
        """The difference for the plan."""
        return Change(f"{CHECK}.trial", "ended", None, Effect.COSMETIC)


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
    | TryHealthCheck
    | RestoreHealthCheck
    | EndTrial
    | CreateRule
    | UpdateRule
    | SetRulePriority
    | DeleteRule
    | DeleteTargetGroup
)


def path_of(route: RouteSpec, port: int) -> str:
    """Return the path of a route on one listener."""
    return f"routes[{route.name}].listeners[{port}]"


def _difference(before: Health, after: Health) -> tuple[str, str]:
    """Return the parameters that differ, as they are and as they will be."""
    live = dict(before)
    keys = [key for key, value in after if live.get(key) != value]
    return (
        ", ".join(f"{key} {live.get(key)}" for key in keys),
        ", ".join(f"{key} {dict(after)[key]}" for key in keys),
    )
