"""Details of an endpoint: its addresses and their sources."""

from collections.abc import Iterator

from controller.core.resources.cost import Cost
from controller.core.resources.details import DetailSection, Row
from controller.core.resources.plan import Action
from controller.kinds.endpoint.spec import PUBLISHED, EndpointSpec
from controller.kinds.endpoint.state import EndpointState


def details(spec: EndpointSpec, state: EndpointState) -> tuple[DetailSection, ...]:
    """Return every known address of the name, with its source."""
    rows = tuple(_addresses(spec, state))
    said = DetailSection("addresses", ("address", "source", "in use"), rows)
    answer = (f"{spec.host}:{spec.port}", state.problem or "ok")
    return said, DetailSection("probe", ("endpoint", "answer"), (answer,))


def cost(action: Action) -> Cost:
    """Return one call for a published address, none for a kept one."""
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
