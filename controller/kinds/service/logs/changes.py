"""Changes of a service's log group: its retention."""

from collections.abc import Iterator

from controller.core.resources.plan import Change
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import Facet
from controller.kinds.service.state.service import ServiceState

RETENTION = "log_retention_days"


def retention_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield a retention that differs, if the log group is managed."""
    if state.retention is not None and state.retention != spec.log_retention_days:
        before = state.retention or "never expires"
        yield Change(RETENTION, before, spec.log_retention_days)


def _calls(path: str) -> int:
    return int(path == RETENTION)


FACET = Facet(retention_changes, _calls)
