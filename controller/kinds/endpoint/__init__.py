"""The ``endpoint`` kind: host names, their checks, and their last good addresses."""

from typing import TYPE_CHECKING

from controller.core.resources.kind import Kind
from controller.core.resources.lazy_import import deferred
from controller.kinds.endpoint.spec import (
    KEPT,
    PUBLISHED,
    EndpointSpec,
    complete,
    conflicts,
    literal_hosts,
    public_hosts,
    published_parameters,
    references,
)

if TYPE_CHECKING:
    from controller.kinds.endpoint.state import EndpointState

KIND: "Kind[EndpointSpec, EndpointState]" = Kind(
    name="endpoint",
    section="endpoints",
    spec=EndpointSpec,
    compare=deferred("controller.kinds.endpoint.compare", "compare"),
    health=deferred("controller.kinds.endpoint.health", "health"),
    conditions=deferred("controller.kinds.endpoint.health", "conditions"),
    hold_reason=deferred("controller.kinds.endpoint.health", "hold_reason"),
    conflicts=conflicts,
    warnings=literal_hosts,
    public_hosts=public_hosts,
    published_parameters=published_parameters,
    references=references,
    complete=complete,
    details=deferred("controller.kinds.endpoint.details", "details"),
    cost=deferred("controller.kinds.endpoint.details", "cost"),
    call_budget="one DNS query and the declared probes each; one GetParameter if "
    "published; with a declared service: one DescribeServices, ListInstances and "
    "ListTasks, ceil(t / 100) DescribeTasks, once GetService and GetNamespace; after a "
    "published address changed, until its readers have restarted: ListTasks, "
    "DescribeTasks and DescribeServices per reader, one GetParameterHistory; with prune, "
    "each minute: ceil(p / 50) DescribeParameters",
    volatile_paths=frozenset({KEPT, PUBLISHED}),
    unedited=deferred("controller.kinds.endpoint.compare", "unedited"),
    probes_outages=True,
    prune=True,
)
