"""One endpoint in full: its addresses, and who says so."""

from collections.abc import Iterator

from controller.core.resources.cost import Cost
from controller.core.resources.details import DetailSection, Row
from controller.core.resources.plan import Action
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState

# The store is ours: keeping an address there is no call to anybody.
KEPT = "fallback.kept"
PUBLISHED = "fallback.published"


def details(spec: EndpointSpec, state: EndpointState) -> tuple[DetailSection, ...]:
    """Return every address that is known for the name, and where it comes from."""
    rows = tuple(_addresses(spec, state))
    said = DetailSection("addresses", ("address", "source", "in use"), rows)
    answer = (f"{spec.host}:{spec.port}", state.problem or "it answers")
    return said, DetailSection("probe", ("endpoint", "answer"), (answer,))


def cost(action: Action) -> Cost:
    """Return one call for an address that is published, none for one that is kept."""
    published = sum(change.path == PUBLISHED for change in action.changes)
    return Cost(published, 0, 1)


def _addresses(spec: EndpointSpec, state: EndpointState) -> Iterator[Row]:
    used = "yes" if state.addresses else "no"
    for address in state.addresses:
        yield address, state.source, used
    for address in state.kept or ():
        yield address, "kept in the store", _in_use(address, state)
    if state.published is not None and spec.fallback and spec.fallback.publish:
        where = f"published in {spec.fallback.publish.ssm}"
        yield state.published, where, _in_use(state.published, state)


def _in_use(address: str, state: EndpointState) -> str:
    return "yes" if address in state.addresses else "no"
