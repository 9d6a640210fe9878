"""Kept and published addresses that are out of date."""

from collections.abc import Iterator

from controller.core.resources.plan import Change
from controller.kinds.endpoint.spec import KEPT, PUBLISHED, EndpointSpec
from controller.kinds.endpoint.state import EndpointState


def compare(spec: EndpointSpec, state: EndpointState) -> tuple[Change, ...]:
    """Return the addresses to keep or to publish.

    Only a current DNS answer replaces a kept address: in an outage the kept address is
    all there is. A published address stays while DNS still returns it, so that the
    order of several addresses makes no change.
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
