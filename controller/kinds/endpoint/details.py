"""Details of an endpoint: its addresses and their sources, and its checks."""

from collections.abc import Iterator

from controller.core.resources.cost import Cost
from controller.core.resources.details import DetailSection, Row
from controller.core.resources.plan import Action, Verb
from controller.kinds.endpoint.spec import KEPT, EndpointSpec
from controller.kinds.endpoint.state import EndpointState


def details(spec: EndpointSpec, state: EndpointState) -> tuple[DetailSection, ...]:
    """Return every known address of the name with its source, and each check."""
    rows = tuple(_addresses(spec, state))
    said = DetailSection("addresses", ("address", "source", "in use"), rows)
    checks = [(f"{spec.host}:{spec.port}", state.problem or "ok")]
    checks += [("contract", problem) for problem in state.broken]
    probe = DetailSection("probe", ("endpoint", "answer"), tuple(checks))
    return said, probe, *_further(state)


def _further(state: EndpointState) -> Iterator[DetailSection]:
    if found := state.certificate:
        row = (f"{found.expires:%Y-%m-%d}", found.version, found.issuer)
        columns = ("valid until", "TLS", "issuer")
        yield DetailSection("certificate", columns, (row,))
    if state.readers:
        readers = tuple((r.service, ", ".join(r.held)) for r in state.readers)
        yield DetailSection("readers", ("service", "holds"), readers)


def cost(action: Action) -> Cost:
    """Return one call for a published set or a restart, none for a kept set."""
    if action.verb is Verb.DELETE:
        return Cost(2, 0, 1)
    calls = sum(change.path != KEPT for change in action.changes)
    return Cost(calls, 0, 1)


def _addresses(spec: EndpointSpec, state: EndpointState) -> Iterator[Row]:
    used = "yes" if state.addresses else "no"
    for address in state.addresses:
        yield address, state.source, used
    for address in state.kept or ():
        yield address, "kept in the store", _in_use(address, state)
    if spec.fallback and spec.fallback.publish:
        where = f"published in {spec.fallback.publish.ssm}"
        for address in state.published or ():
            yield address, where, _in_use(address, state)


def _in_use(address: str, state: EndpointState) -> str:
    return "yes" if address in state.addresses else "no"
