"""Which memories of an address are out of date."""

from collections.abc import Iterator

from controller.core.resources.plan import Change
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState

# The store is local: keeping an address there is no call to AWS.
KEPT = "fallback.kept"
PUBLISHED = "fallback.published"


def compare(spec: EndpointSpec, state: EndpointState) -> tuple[Change, ...]:
    """Return what must be kept or published anew.

    Only a live answer replaces a memory: in an outage the memory is all there is.
    An address that still answers is left published, so that the order in which
    DNS gives several does not make changes.
    """
    return tuple(_changes(spec, state)) if state.live else ()


def _changes(spec: EndpointSpec, state: EndpointState) -> Iterator[Change]:
    if not state.addresses:
        return
    if state.kept is not None and set(state.kept) != set(state.addresses):
        yield Change(KEPT, list(state.kept), list(state.addresses))
    publishes = spec.fallback is not None and spec.fallback.publish is not None
    if publishes and state.published not in state.addresses:
        yield Change(PUBLISHED, state.published, state.addresses[0])
