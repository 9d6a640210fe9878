"""Details of an endpoint: its addresses and their sources, its pin and its checks."""

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
    return said, *_pin(state), probe, *_further(state)


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
    pinned = state.names.pinned
    used = frozenset(pinned or state.addresses)
    sources = [("pin", pinned)]
    if state.source != "pin":
        sources.append((state.source, state.addresses))
    sources.append(("kept in the store", state.kept or ()))
    if spec.fallback and spec.fallback.publish:
        where = f"published in {spec.fallback.publish.ssm}"
        sources.append((where, state.published or ()))
    for source, addresses in sources:
        for address in addresses:
            yield address, source, "yes" if address in used else "no"


def _pin(state: EndpointState) -> Iterator[DetailSection]:
    if pin := state.names.pin:
        until = None if pin.until is None else pin.until.isoformat()
        row = (until, pin.origin.value, pin.by, pin.reason)
        yield DetailSection("pin", ("until", "origin", "by", "reason"), (row,))
