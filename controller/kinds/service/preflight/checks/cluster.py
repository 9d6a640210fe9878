"""The cluster: is there one to run in?"""

from collections.abc import Iterator

from controller.core.planning.preflight import Result
from controller.core.resources.observation import Present
from controller.kinds.service.preflight.case import ServiceCase
from controller.kinds.service.preflight.commands import aws


def there(case: ServiceCase) -> Iterator[Result]:
    """Yield that the cluster is missing: ECS makes none by itself."""
    spec = case.spec
    command = aws(spec.region, "ecs", "create-cluster", "--cluster-name", spec.cluster)
    message = f"Cluster {spec.cluster} does not exist: no service can be made in it."
    seen = case.facts.clusters.get(spec.cluster, Present(True))
    yield from case.unless_there(seen, case.blocks("cluster", message, command))
