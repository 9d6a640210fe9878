"""Changes of the bounds within which Application Auto Scaling keeps a service."""

from collections.abc import Iterator

from controller.core.resources.plan import Change
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import Facet
from controller.kinds.service.state.service import ServiceState

SCALING = "scaling"


def scaling_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield the bounds that differ; without ``scaling`` they are not managed."""
    if spec.scaling is None:
        return
    for name in ("minimum", "maximum"):
        before, after = getattr(state.scaling, name, None), getattr(spec.scaling, name)
        if before != after:
            yield Change(f"{SCALING}.{name}", before, after)


def removed_scaling(state: ServiceState) -> Iterator[Change]:
    """Yield the removal of a scalable target that is no longer declared."""
    if state.scaling is not None:
        before = {"minimum": state.scaling.minimum, "maximum": state.scaling.maximum}
        yield Change(SCALING, before, None)


def _calls(path: str) -> int:
    return int(path == SCALING or path.startswith(f"{SCALING}."))


FACET = Facet(scaling_changes, _calls)
