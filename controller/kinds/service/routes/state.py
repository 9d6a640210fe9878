"""Observed state of load balancers, as far as routes need it."""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.core.resources.observation import Ownership
from controller.kinds.service.routes.matching.match import Match


@dataclass(frozen=True, slots=True)
class ListenerRule:
    """A rule of a listener, other than the default rule.

    Attributes:
        arn: Its ARN.
        priority: Its priority; of the rules that match, the least one applies.
        match: Its conditions.
        target: ARN of the only target group it forwards to; else empty.
        ownership: Owner by its ownership tag.
        service: Service it was created for, by its service tag.
    """

    arn: str
    priority: int
    match: Match
    target: str = ""
    ownership: Ownership = Ownership.UNMANAGED
    service: str = ""


@dataclass(frozen=True, slots=True)
class RoutedListener:
    """A port of a load balancer.

    Attributes:
        arn: Its ARN.
        port: Its port.
        protocol: ``HTTP`` or ``HTTPS``.
        rules: Its rules, in no particular order.
        names: Hosts that its certificates cover; None if it has none, or if they could
            not be read.
        certificate_error: Error of reading them; empty if there was none.
    """

    arn: str
    port: int
    protocol: str = "HTTP"
    rules: tuple[ListenerRule, ...] = ()
    names: tuple[str, ...] | None = None
    certificate_error: str = ""


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer that exists.

    Attributes:
        name: Its name.
        arn: Its ARN.
        network: Id of its VPC.
        ownership: Owner by its ownership tag; nothing changes on those of others.
        listeners: Its listeners.
        groups: Its security groups.
    """

    name: str
    arn: str
    network: str = ""
    ownership: Ownership = Ownership.UNMANAGED
    listeners: tuple[RoutedListener, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def is_managed(self) -> bool:
        """Return True if this controller may write rules on it."""
        return self.ownership is Ownership.MANAGED

    def listener(self, port: int) -> RoutedListener | None:
        """Return the listener on ``port``, if there is one."""
        return next((found for found in self.listeners if found.port == port), None)


@dataclass(frozen=True, slots=True)
class PreviousCheck:
    """Health check that a target group had before a rollout changed it.

    Attributes:
        deployment: Deployment for which it was changed, as in ``ecs-svc/…``.
        health: The earlier health check, as parameters of CreateTargetGroup.
    """

    deployment: str
    health: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group and its health check.

    Attributes:
        arn: Its ARN.
        name: Its name.
        ownership: Owner by its ownership tag.
        protocol: Protocol towards targets.
        kind: Target type: ``ip``, ``instance``, ``lambda`` or ``alb``.
        health: Its health check, as parameters of CreateTargetGroup.
        attached: True if a load balancer forwards to it.
        finished: True if its attributes were set after its creation.
        applied: Tag for the health check that the controller set last; see
            ``health_checks.finished_tag``.
        previous: Health check to restore if the current rollout is rejected.
    """

    arn: str
    name: str
    ownership: Ownership = Ownership.MANAGED
    protocol: str = "HTTP"
    kind: str = "ip"
    health: tuple[tuple[str, str], ...] = ()
    attached: bool = True
    finished: bool = True
    applied: str = ""
    previous: PreviousCheck | None = None


@dataclass(frozen=True, slots=True)
class TargetResult:
    """Result of the health checks of one target.

    Attributes:
        address: Address of the target.
        state: ``initial``, ``healthy``, ``unhealthy``, ``draining`` or ``unused``.
        description: Description of the state, from AWS; empty if it has none.
    """

    address: str
    state: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class RoutedTask:
    """A running task of a service.

    Attributes:
        address: Its private address.
        deployment: Deployment that started it, as in ``ecs-svc/…``.
    """

    address: str
    deployment: str


@dataclass(frozen=True, slots=True)
class HealthCheckTrial:
    """Trial of the declared health check on running tasks; see ``trial``.

    Attributes:
        group: Target group of the trial, if it exists.
        rule: Rule that activates that group, if it exists.
        results: Results of the declared health check in that group.
        current: Results of the current health check in the service's own group.
        tasks: Running tasks of the service.
    """

    group: TargetGroup | None = None
    rule: ListenerRule | None = None
    results: tuple[TargetResult, ...] = ()
    current: tuple[TargetResult, ...] = ()
    tasks: tuple[RoutedTask, ...] = ()

    @property
    def exists(self) -> bool:
        """True if the trial has left something on a load balancer."""
        return self.group is not None or self.rule is not None


@dataclass(frozen=True, slots=True)
class RoutingState:
    """Load balancers and target group of one service.

    Attributes:
        balancers: Existing load balancers of its routes.
        group: Its target group, if it exists.
        trial: Trial of the declared health check; None if it was not read, because the
            target group has that health check.
    """

    balancers: tuple[LoadBalancer, ...] = ()
    group: TargetGroup | None = None
    trial: HealthCheckTrial | None = None

    def balancer(self, name: str) -> LoadBalancer | None:
        """Return the load balancer named ``name``, if it exists."""
        return next((found for found in self.balancers if found.name == name), None)

    def managed_rules(
        self, service: str
    ) -> Iterator[tuple[LoadBalancer, RoutedListener, ListenerRule]]:
        """Yield every managed rule of ``service`` on a managed load balancer."""
        for balancer in self.balancers:
            for listener in balancer.listeners if balancer.is_managed else ():
                for rule in listener.rules:
                    if rule.ownership is Ownership.MANAGED and rule.service == service:
                        yield balancer, listener, rule
