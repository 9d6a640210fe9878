"""The ``endpoint`` kind: names that others rely on, and their last good address."""

from controller.core.resources.kind import Kind
from controller.kinds.endpoint.compare import compare
from controller.kinds.endpoint.details import KEPT, PUBLISHED, cost, details
from controller.kinds.endpoint.health import health, held
from controller.kinds.endpoint.spec import EndpointSpec, complete, references
from controller.kinds.endpoint.state import EndpointState

KIND: Kind[EndpointSpec, EndpointState] = Kind(
    name="endpoint",
    section="endpoints",
    spec=EndpointSpec,
    compare=compare,
    health=health,
    hold_reason=held,
    references=references,
    complete=complete,
    details=details,
    cost=cost,
    call_budget="one DNS question and one probe each; one GetParameter if published",
    volatile_paths=frozenset({KEPT, PUBLISHED}),
)
