"""The ``endpoint`` kind: host names, and the last known address of each."""

from controller.core.resources.kind import Kind
from controller.kinds.endpoint.compare import KEPT, PUBLISHED, compare
from controller.kinds.endpoint.details import cost, details
from controller.kinds.endpoint.health import health, hold_reason
from controller.kinds.endpoint.spec import (
    EndpointSpec,
    complete,
    public_hosts,
    references,
)
from controller.kinds.endpoint.state import EndpointState

KIND: Kind[EndpointSpec, EndpointState] = Kind(
    name="endpoint",
    section="endpoints",
    spec=EndpointSpec,
    compare=compare,
    health=health,
    hold_reason=hold_reason,
    public_hosts=public_hosts,
    references=references,
    complete=complete,
    details=details,
    cost=cost,
    call_budget="one DNS query and one probe each; one GetParameter if published",
    volatile_paths=frozenset({KEPT, PUBLISHED}),
)
