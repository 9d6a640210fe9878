"""Check of the ECS cluster."""

from collections.abc import Iterator

from controller.core.planning.preflight import Result
from controller.core.resources.observation import Present
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.service_case import ServiceCase


def exists(case: ServiceCase) -> Iterator[Result]:
    """Yield a finding if the cluster is missing; ECS does not create one."""
    spec = case.spec
    command = aws(spec.region, "ecs", "create-cluster", "--cluster-name", spec.cluster)
    message = f"Cluster {spec.cluster} does not exist: no service can be created in it."
    seen = case.facts.clusters.get(spec.cluster, Present(True))
    yield from case.unless_present(seen, case.blocks("cluster", message, command))
