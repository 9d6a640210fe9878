"""Observation of load balancers for all services of one pass.

At most these calls: DescribeTargetGroups and DescribeLoadBalancers by name,
DescribeListeners per load balancer, DescribeRules per listener, and DescribeTags, twenty
at a time. A name that does not exist makes AWS refuse the whole call; a few more calls
find the others.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.errors import NotFoundError
from controller.core.resources.ownership import ownership_of
from controller.core.values.batches import batched
from controller.kinds.service.routes.aws.answers import group_of, rule_of
from controller.kinds.service.routes.aws.certificates import ListenerCertificates
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import (
    ListenerRule,
    LoadBalancer,
    RoutedListener,
    RoutingState,
    TargetGroup,
)

# API reference, DescribeTags and DescribeTargetGroups.
MOST_TAGGED = 20
MOST_NAMES = 20
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoutingSnapshot:
    """Load balancers and target groups at one time.

    Attributes:
        balancers: Load balancers by name.
        groups: Target groups by name.
        balancers_of_group: Names of the load balancers that forward to each group.
    """

    balancers: Mapping[str, LoadBalancer]
    groups: Mapping[str, TargetGroup]
    balancers_of_group: Mapping[str, frozenset[str]]

    def of(self, spec: RoutedService) -> RoutingState:
        """Return the routing of one service."""
        names = names_of(spec)
        names |= self.balancers_of_group.get(spec.target_group, frozenset())
        found = (self.balancers.get(name) for name in sorted(names))
        return RoutingState(
            tuple(balancer for balancer in found if balancer),
            self.groups.get(spec.target_group),
        )


class RoutingObserver:
    """Reader of load balancers. Reads only; raises DriverError."""

    def __init__(
        self, aws: Aws, owner: str, certificates: ListenerCertificates
    ) -> None:
        self._aws = aws
        self._owner = owner
        self._certificates = certificates

    def at(self, specs: Collection[RoutedService]) -> RoutingSnapshot:
        """Return the load balancers and target groups of ``specs`` that exist."""
        groups = self._groups(sorted({spec.target_group for spec in specs}))
        names = {name for spec in specs for name in names_of(spec)}
        balancers = self._balancers(sorted(names), groups)
        listeners = {
            balancer["LoadBalancerArn"]: self._listeners(balancer["LoadBalancerArn"])
            for balancer in balancers
        }
        rules = {
            listener["ListenerArn"]: self._rules(listener["ListenerArn"])
            for found in listeners.values()
            for listener in found
        }
        tags = self._tags(_arns(groups, balancers, rules.values()))
        hosts = _hosts(specs)
        seen = {
            balancer["LoadBalancerName"]: LoadBalancer(
                balancer["LoadBalancerName"],
                balancer["LoadBalancerArn"],
                balancer.get("VpcId", ""),
                ownership_of(tags[balancer["LoadBalancerArn"]], self._owner),
                tuple(
                    self._listener(
                        listener, rules[listener["ListenerArn"]], tags, hosts
                    )
                    for listener in listeners[balancer["LoadBalancerArn"]]
                ),
                tuple(balancer.get("SecurityGroups", ())),
            )
            for balancer in balancers
        }
        by_arn = {balancer.arn: balancer.name for balancer in seen.values()}
        return RoutingSnapshot(
            seen,
            {
                group["TargetGroupName"]: group_of(
                    group, tags[group["TargetGroupArn"]], self._owner
                )
                for group in groups
            },
            {
                group["TargetGroupName"]: frozenset(
                    by_arn[arn]
                    for arn in group.get("LoadBalancerArns", ())
                    if arn in by_arn
                )
                for group in groups
            },
        )

    def _groups(self, names: list[str]) -> list[Answer]:
        found = (
            group
            for batch in batched(names, MOST_NAMES)
            for group in self._named("DescribeTargetGroups", "TargetGroups", batch)
        )
        return [group for group in found if group["TargetGroupName"] in names]

    def _balancers(self, names: list[str], groups: Iterable[Answer]) -> list[Answer]:
        """Return those that are declared, and those that forward to ``groups``."""
        found = {
            balancer["LoadBalancerArn"]: balancer
            for batch in batched(names, MOST_NAMES)
            for balancer in self._named("DescribeLoadBalancers", "LoadBalancers", batch)
            if balancer["LoadBalancerName"] in names
        }
        others = {arn for g in groups for arn in g.get("LoadBalancerArns", ())}
        for batch in batched(sorted(others - found.keys()), MOST_NAMES):
            for balancer in self._present(batch):
                found[balancer["LoadBalancerArn"]] = balancer
        return list(found.values())

    def _present(self, arns: list[str]) -> Iterator[Answer]:
        """Yield those of ``arns`` that exist."""
        try:
            yield from self._aws.call(
                "elbv2", "DescribeLoadBalancers", LoadBalancerArns=arns
            )["LoadBalancers"]
        except NotFoundError:
            for arn in arns if len(arns) > 1 else ():
                yield from self._present([arn])

    def _named(self, operation: str, key: str, names: list[str]) -> Iterator[Answer]:
        """Yield those of ``names`` that exist; on a refusal, search each half."""
        if not names:
            return
        try:
            yield from self._aws.call("elbv2", operation, Names=names)[key]
        except NotFoundError:
            half = len(names) // 2
            if half:
                yield from self._named(operation, key, names[:half])
                yield from self._named(operation, key, names[half:])

    def _listeners(self, balancer: str) -> list[Answer]:
        found = paginated(
            self._aws,
            "elbv2",
            "DescribeListeners",
            "Listeners",
            LoadBalancerArn=balancer,
        )
        return [*found]

    def _rules(self, listener: str) -> list[Answer]:
        found = paginated(
            self._aws, "elbv2", "DescribeRules", "Rules", ListenerArn=listener
        )
        return [*found]

    def _tags(self, arns: Iterable[str]) -> dict[str, dict[str, str]]:
        tags: dict[str, dict[str, str]] = {}
        for batch in batched(sorted(arns), MOST_TAGGED):
            answer = self._aws.call("elbv2", "DescribeTags", ResourceArns=batch)
            for described in answer["TagDescriptions"]:
                pairs = {tag["Key"]: tag.get("Value", "") for tag in described["Tags"]}
                tags[described["ResourceArn"]] = pairs
            for arn in batch:
                tags.setdefault(arn, {})
        return tags

    def _listener(
        self,
        listener: Answer,
        rules: Iterable[Answer],
        tags: Mapping[str, Mapping[str, str]],
        hosts: frozenset[str],
    ) -> RoutedListener:
        found = (
            rule_of(rule, tags.get(rule["RuleArn"], {}), self._owner) for rule in rules
        )
        names, error = self._certificates.names(listener, hosts)
        return RoutedListener(
            listener["ListenerArn"],
            int(listener["Port"]),
            listener.get("Protocol", ""),
            tuple(rule for rule in found if isinstance(rule, ListenerRule)),
            names,
            error,
        )


def names_of(spec: RoutedService) -> frozenset[str]:
    """Return the load balancers to read; the platform's, if no route names one."""
    named = frozenset(route.load_balancer for route in spec.routes)
    return named or frozenset({spec.load_balancer})


def _arns(
    groups: Iterable[Answer],
    balancers: Iterable[Answer],
    rules: Iterable[Iterable[Answer]],
) -> Iterator[str]:
    yield from (group["TargetGroupArn"] for group in groups)
    yield from (balancer["LoadBalancerArn"] for balancer in balancers)
    for of_listener in rules:
        yield from (r["RuleArn"] for r in of_listener if not r.get("IsDefault"))


def _hosts(specs: Iterable[RoutedService]) -> frozenset[str]:
    return frozenset(route.host for spec in specs for route in spec.routes)
