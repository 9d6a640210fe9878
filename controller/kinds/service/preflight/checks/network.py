"""Check of subnets and security groups: they exist, all in one VPC."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckSkipped, Result
from controller.core.resources.observation import Absent
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.requirements import needs_subnets
from controller.kinds.service.preflight.service_case import ServiceCase, of, state


def placed(case: ServiceCase) -> Iterator[Result]:
    """Yield what is missing, or is in different VPCs."""
    spec, facts = case.spec, case.facts
    subnets, groups = spec.network.subnets, spec.network.security_groups
    if not subnets:
        yield _without(case)
        return
    reads = [of(facts.subnets, id_) for id_ in subnets]
    reads += [of(facts.groups, id_) for id_ in groups]
    yield from case.unreadable(*reads)
    yield from _missing(case)
    networks = {found.vpc for found in map(state, reads) if found}
    if len(networks) > 1:
        message = (
            f"Subnets and security groups are in different VPCs "
            f"({', '.join(sorted(networks))}): ECS refuses this."
        )
        filters = ("--filters", f"Name=subnet-id,Values={','.join(subnets)}")
        command = aws(
            spec.region, "ec2", "describe-subnets", *filters, "--query", _SUBNETS
        )
        yield case.blocks("network", message, command)


def _without(case: ServiceCase) -> Result:
    """Return a finding if tasks need subnets and none are declared."""
    if not needs_subnets(case.spec):
        return CheckSkipped(case.check, "the network mode needs no subnets")
    message = (
        "No subnets are declared, and each task needs an address in one: declare "
        "`network.subnets` for the service or the platform."
    )
    command = aws(case.spec.region, "ec2", "describe-subnets", "--query", _SUBNETS)
    return case.blocks("network.subnets", message, command)


def _missing(case: ServiceCase) -> Iterator[Result]:
    region, network = case.spec.region, case.spec.network
    for id_ in network.subnets:
        if isinstance(of(case.facts.subnets, id_), Absent):
            command = aws(region, "ec2", "describe-subnets", "--query", _SUBNETS)
            message = f"Subnet {id_} does not exist: no task can be placed there."
            yield case.blocks("network.subnets", message, command)
    for id_ in network.security_groups:
        if isinstance(of(case.facts.groups, id_), Absent):
            command = aws(region, "ec2", "describe-security-groups", "--query", _GROUPS)
            message = f"Security group {id_} does not exist: no task can be placed."
            yield case.blocks("network.security_groups", message, command)


_SUBNETS = "Subnets[].[SubnetId,VpcId,AvailabilityZone,CidrBlock]"
_GROUPS = "SecurityGroups[].[GroupId,VpcId,GroupName]"
