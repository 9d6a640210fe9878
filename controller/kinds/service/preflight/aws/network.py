"""Reads of subnets, security groups, target groups and listeners."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.values.batches import batched
from controller.core.values.identity import OWNER_TAG
from controller.kinds.service.preflight.aws.answers import fact_of, facts_of
from controller.kinds.service.preflight.facts import (
    Fact,
    RegisteredTargetGroup,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from controller.kinds.service.routes.aws.certificates import ListenerCertificates
from controller.kinds.service.routes.aws.observer import RoutingObserver
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import RoutingState

# Most values of a filter, and of DescribeTags; API references of EC2 and ELB.
_MOST_VALUES = 200
_MOST_TAGGED = 20
_ALL_PORTS = (0, 65_535)
Answer = Mapping[str, Any]
Reader = Callable[[Answer], tuple[str, Any]]


def subnets(aws: Aws, ids: Collection[str]) -> dict[str, Fact]:
    """Return the fact about each subnet; one call for each 200."""
    return _by_filter(aws, ids, ("DescribeSubnets", "Subnets"), "subnet-id", _subnet)


def groups(aws: Aws, ids: Collection[str]) -> dict[str, Fact]:
    """Return the fact about each security group; one call for each 200."""
    operation = ("DescribeSecurityGroups", "SecurityGroups")
    return _by_filter(aws, ids, operation, "group-id", _group)


def targets(aws: Aws, arns: Collection[str], owner: str) -> dict[str, Fact]:
    """Return the fact about each target group; two calls for each 20."""
    seen: dict[str, Fact] = {}
    for batch in batched(sorted(arns), _MOST_TAGGED):
        seen |= facts_of(batch, partial(_targets, aws, batch, owner))
    return seen


def listening(aws: Aws, balancers: Iterable[str]) -> dict[str, Fact]:
    """Return the ports on which each load balancer listens; one call each."""
    return {arn: fact_of(partial(_listening, aws, arn)) for arn in balancers}


def routing(aws: Aws, specs: Sequence[RoutedService], owner: str) -> dict[str, Fact]:
    """Return the load balancers and the target group of each service by its name.

    For the calls see ``routes.aws.observer``.
    """

    def read() -> dict[str, RoutingState]:
        observer = RoutingObserver(aws, owner, ListenerCertificates(aws))
        snapshot = observer.at(specs)
        return {spec.name: snapshot.of(spec) for spec in specs}

    return facts_of([spec.name for spec in specs], read) if specs else {}


def _by_filter(
    aws: Aws,
    ids: Collection[str],
    operation: tuple[str, str],
    name: str,
    read: Reader,
) -> dict[str, Fact]:
    """Return what a filter finds; a call that names ids fails if one is missing."""
    seen: dict[str, Fact] = {}
    for batch in batched(sorted(ids), _MOST_VALUES):
        seen |= facts_of(batch, partial(_found, aws, operation, name, batch, read))
    return seen


def _found(
    aws: Aws, operation: tuple[str, str], name: str, ids: list[str], read: Reader
) -> dict[str, Any]:
    filters = [{"Name": name, "Values": ids}]
    return dict(map(read, paginated(aws, "ec2", *operation, Filters=filters)))


def _subnet(answer: Answer) -> tuple[str, Subnet]:
    zone = answer.get("AvailabilityZone", "")
    return answer["SubnetId"], Subnet(answer["VpcId"], zone, answer["CidrBlock"])


def _group(answer: Answer) -> tuple[str, SecurityGroup]:
    return answer["GroupId"], SecurityGroup(
        answer.get("VpcId", ""),
        tuple(map(_permission, answer.get("IpPermissions", ()))),
        tuple(map(_permission, answer.get("IpPermissionsEgress", ()))),
    )


def _permission(answer: Answer) -> SecurityGroupRule:
    ports = (answer.get("FromPort"), answer.get("ToPort"))
    first, last = (0 if p is None else p for p in ports)
    whole = None in ports or first < 0
    return SecurityGroupRule(
        protocol=str(answer["IpProtocol"]),
        ports=_ALL_PORTS if whole else (first, last),
        groups=frozenset(
            pair["GroupId"]
            for pair in answer.get("UserIdGroupPairs", ())
            if pair.get("GroupId")
        ),
        ranges=(
            *(found["CidrIp"] for found in answer.get("IpRanges", ())),
            *(found["CidrIpv6"] for found in answer.get("Ipv6Ranges", ())),
        ),
        lists=tuple(f["PrefixListId"] for f in answer.get("PrefixListIds", ())),
    )


def _targets(aws: Aws, arns: list[str], owner: str) -> dict[str, RegisteredTargetGroup]:
    answer = aws.call("elbv2", "DescribeTargetGroups", TargetGroupArns=arns)
    tagged = aws.call("elbv2", "DescribeTags", ResourceArns=arns)
    tags = {
        found["ResourceArn"]: {tag["Key"]: tag.get("Value") for tag in found["Tags"]}
        for found in tagged["TagDescriptions"]
    }
    return {
        found["TargetGroupArn"]: RegisteredTargetGroup(
            port=found.get("Port", 0),
            protocol=found.get("Protocol", ""),
            type=found.get("TargetType", "instance"),
            path=found.get("HealthCheckPath", ""),
            health_port=found.get("HealthCheckPort", ""),
            matcher=(found.get("Matcher") or {}).get("HttpCode", ""),
            vpc=found.get("VpcId", ""),
            balancers=tuple(found.get("LoadBalancerArns", ())),
            managed=tags.get(found["TargetGroupArn"], {}).get(OWNER_TAG) == owner,
        )
        for found in answer["TargetGroups"]
    }


def _listening(aws: Aws, balancer: str) -> frozenset[int]:
    found = paginated(
        aws, "elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=balancer
    )
    return frozenset(listener["Port"] for listener in found)
