"""What is seen of load balancers: as much of them as routes are about."""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.core.resources.observation import Ownership
from controller.kinds.service.routes.matching.match import Match


@dataclass(frozen=True, slots=True)
class ListenerRule:
    """A rule of a listener; its default rule is none.

    Attributes:
        arn: Its ARN.
        priority: The rule with the smallest that matches is followed.
        match: Its conditions.
        target: ARN of the one target group it forwards to; empty if it does not, or
            to several.
        ownership: Whose tag it carries.
        service: The service it was made for, by our tag.
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
        port: Where it listens.
        protocol: ``HTTP`` or ``HTTPS``.
        rules: In no particular order.
        names: What its certificates are for; None if that could not be read.
        unread: Why not.
    """

    arn: str
    port: int
    protocol: str = "HTTP"
    rules: tuple[ListenerRule, ...] = ()
    names: tuple[str, ...] | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer that exists.

    Attributes:
        name: Its name.
        arn: Its ARN.
        network: The VPC it is in.
        ownership: Whose tag it carries; we change nothing on those of others.
        listeners: Its ports.
    """

    name: str
    arn: str
    network: str = ""
    ownership: Ownership = Ownership.UNMANAGED
    listeners: tuple[RoutedListener, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether we may make, change and delete rules of ours on it."""
        return self.ownership is Ownership.MANAGED

    def listener(self, port: int) -> RoutedListener | None:
        """Return the listener on ``port``, if there is one."""
        return next((found for found in self.listeners if found.port == port), None)


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group, and how it looks at its targets.

    Attributes:
        arn: Its ARN.
        name: Its name.
        ownership: Whose tag it carries.
        protocol: What it speaks with targets.
        kind: ``ip``, ``instance``, ``lambda`` or ``alb``.
        health: How it checks targets, in the words of CreateTargetGroup.
        attached: Whether a load balancer knows it.
        finished: Whether its attributes were set after it was made.
    """

    arn: str
    name: str
    ownership: Ownership = Ownership.MANAGED
    protocol: str = "HTTP"
    kind: str = "ip"
    health: tuple[tuple[str, str], ...] = ()
    attached: bool = True
    finished: bool = True


@dataclass(frozen=True, slots=True)
class RoutingState:
    """What a look at the load balancers of one service found.

    Attributes:
        balancers: Those of its routes that exist.
        group: Its target group, if it exists.
    """

    balancers: tuple[LoadBalancer, ...] = ()
    group: TargetGroup | None = None

    def balancer(self, name: str) -> LoadBalancer | None:
        """Return the load balancer called ``name``, if it exists."""
        return next((found for found in self.balancers if found.name == name), None)

    def ours(
        self, service: str
    ) -> Iterator[tuple[LoadBalancer, RoutedListener, ListenerRule]]:
        """Yield every rule that we made for ``service``, where we may change it."""
        for balancer in self.balancers:
            for listener in balancer.listeners if balancer.is_ours else ():
                for rule in listener.rules:
                    if rule.ownership is Ownership.MANAGED and rule.service == service:
                        yield balancer, listener, rule
