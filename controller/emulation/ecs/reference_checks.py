"""Checks that the objects a service or task refers to exist, as on AWS."""

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.effects import MissingError
from controller.emulation.ecs.errors import invalid
from controller.emulation.ecs.state import Body


def check_references(fields: Body, context: Context) -> None:
    """Refuse missing subnets, security groups, target groups and registries."""
    network = fields.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    balancers = fields.get("loadBalancers", [])
    registries = fields.get("serviceRegistries", [])
    try:
        context.effects.check_network(
            network.get("subnets", []), network.get("securityGroups", [])
        )
        for balancer in balancers:
            if arn := balancer.get("targetGroupArn"):
                context.effects.check_target_group(arn)
        for registry in registries:
            if arn := registry.get("registryArn"):
                context.effects.check_registry(arn)
    except MissingError as error:
        raise invalid(str(error)) from error
