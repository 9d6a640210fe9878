"""The facets of a service, in the order in which their changes are shown."""

from collections.abc import Iterable, Iterator

from controller.core.resources.plan import Change
from controller.kinds.service.discovery import registration
from controller.kinds.service.images.outdated_digests import SECRETS
from controller.kinds.service.logs import changes as logs
from controller.kinds.service.render import revision_tags
from controller.kinds.service.render.fingerprint import runs_declared
from controller.kinds.service.routes.attachment import route_calls, route_changes
from controller.kinds.service.scaling import changes as scaling
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import Facet
from controller.kinds.service.state.service import ServiceState


def _route_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    # The definitions are compared only while the health check differs.
    declared = state.routing.trial is None or runs_declared(spec, state)
    return route_changes(spec, state.routing, state.settings, runs_declared=declared)


ROUTES = Facet(_route_changes, route_calls)
FACETS = (
    ROUTES,
    registration.FACET,
    logs.FACET,
    scaling.FACET,
    revision_tags.FACET,
)


def facet_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield the changes of every facet."""
    for facet in FACETS:
        yield from facet.changes(spec, state)


def own_calls(path: str) -> int:
    """Return the write calls that settle a change at ``path`` without UpdateService.

    0 if UpdateService, or a new revision, is needed for it.
    """
    # A stamp of secret versions is a tag on the service, and nothing else.
    return int(path == SECRETS) + sum(facet.calls(path) for facet in FACETS)


def need_no_update(paths: Iterable[str]) -> bool:
    """Return whether all of ``paths`` are settled without UpdateService."""
    return all(own_calls(path) for path in paths)
