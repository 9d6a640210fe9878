"""Kept and published addresses that are out of date, and their readers."""

from collections.abc import Collection, Iterator

from controller.core.dns.last_good import good_addresses, next_recorded
from controller.core.resources.plan import Change, Effect
from controller.kinds.endpoint.spec import KEPT, PUBLISHED, READERS, EndpointSpec
from controller.kinds.endpoint.state import EndpointState


def compare(spec: EndpointSpec, state: EndpointState) -> tuple[Change, ...]:
    """Return the sets of addresses to keep and to publish, and the readers to restart.

    Only addresses that DNS returns and that accept a connection replace a recorded set:
    in an outage the recorded set is all there is.
    """
    return tuple(_changes(spec, state)) if state.live else ()


def unedited(change: Change) -> bool:
    """Return True for a change that follows from an address, not from an edit."""
    return change.path.startswith(READERS)


def _changes(spec: EndpointSpec, state: EndpointState) -> Iterator[Change]:
    publish = spec.fallback.publish if spec.fallback else None
    if state.kept is not None:
        yield from _recorded(KEPT, state.kept, state)
    if publish is None:
        return
    yield from _recorded(PUBLISHED, state.published or (), state)
    # A restarted task reads the parameter, so that it must hold an address that answers.
    if not publish.restart_readers or not _answers(state.published or (), state):
        return
    for reader in state.readers:
        if reader.can_restart:
            path = f"{READERS}{reader.service}"
            held, published = list(reader.held), list(state.published or ())
            yield Change(path, held, published, Effect.RESTART)


def _recorded(
    path: str, recorded: tuple[str, ...], state: EndpointState
) -> Iterator[Change]:
    good = good_addresses(state.addresses, state.answering)
    found = next_recorded(recorded, good, state.answering, state.steady)
    if found is not None:
        yield Change(path, list(recorded), list(found))


def _answers(addresses: Collection[str], state: EndpointState) -> bool:
    return not state.answering.isdisjoint(addresses)
