"""Where tasks are placed: subnets and security groups, all in one network."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckSkipped, Result
from controller.core.resources.observation import Absent
from controller.kinds.service.preflight.case import ServiceCase, of, state
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.requirements import needs_subnets


def placed(case: ServiceCase) -> Iterator[Result]:
    """Yield what of the network is missing, or does not belong together."""
    spec, facts = case.spec, case.facts
    subnets, groups = spec.network.subnets, spec.network.security_groups
    if not subnets:
        yield _without(case)
        return
    looks = [of(facts.subnets, id_) for id_ in subnets]
    looks += [of(facts.groups, id_) for id_ in groups]
    yield from case.unseen(*looks)
    yield from _missing(case)
    networks = {found.vpc for found in map(state, looks) if found}
    if len(networks) > 1:
        message = (
            f"Its subnets and security groups are in several networks "
            f"({', '.join(sorted(networks))}): ECS refuses that."
        )
        filters = ("--filters", f"Name=subnet-id,Values={','.join(subnets)}")
        command = aws(
            spec.region, "ec2", "describe-subnets", *filters, "--query", _SUBNETS
        )
        yield case.blocks("network", message, command)


def _without(case: ServiceCase) -> Result:
    """Return that there are no subnets, if tasks need one."""
    if not needs_subnets(case.spec):
        return CheckSkipped(case.check, "its tasks need no subnets of its own")
    message = (
        "It has no subnets, and each of its tasks needs an address in one: declare "
        "them as `network.subnets`, here or for the platform."
    )
    command = aws(case.spec.region, "ec2", "describe-subnets", "--query", _SUBNETS)
    return case.blocks("network.subnets", message, command)


def _missing(case: ServiceCase) -> Iterator[Result]:
    region, network = case.spec.region, case.spec.network
    for id_ in network.subnets:
        if isinstance(of(case.facts.subnets, id_), Absent):
            command = aws(region, "ec2", "describe-subnets", "--query", _SUBNETS)
            message = f"Subnet {id_} does not exist: no task could be placed there."
            yield case.blocks("network.subnets", message, command)
    for id_ in network.security_groups:
        if isinstance(of(case.facts.groups, id_), Absent):
            command = aws(region, "ec2", "describe-security-groups", "--query", _GROUPS)
            message = f"Security group {id_} does not exist: no task could be placed."
            yield case.blocks("network.security_groups", message, command)


_SUBNETS = "Subnets[].[SubnetId,VpcId,AvailabilityZone,CidrBlock]"
_GROUPS = "SecurityGroups[].[GroupId,VpcId,GroupName]"
