"""Health and conditions of an endpoint."""

from collections.abc import Iterator
from datetime import timedelta

from controller.core.dns.agreement import Disagreement, DisagreementReason
from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.resources.kind import Health, HealthLevel, HoldReason
from controller.core.resources.plan import Change, Hold
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState

_SENTENCES = {
    DisagreementReason.NO_REGISTRY: (
        "The ECS service registers its tasks nowhere: recreate the service."
    ),
    DisagreementReason.WRONG_NAMESPACE: (
        "The tasks are registered as {name}, in another namespace: correct the host, or "
        "recreate the service."
    ),
    DisagreementReason.WRONG_NAME: (
        "The tasks are registered as {name}: correct the host, or recreate the service."
    ),
    DisagreementReason.NO_RUNNING_TASK: "ECS runs no task of the service.",
    DisagreementReason.DEAD_TASK: (
        "Cloud Map lists {addresses}, where no task of the service runs."
    ),
    DisagreementReason.STALE_RECORD: (
        "DNS returns {addresses}, which Cloud Map does not list."
    ),
    DisagreementReason.MISSING_REGISTRATION: (
        "Cloud Map does not list the running task at {addresses}."
    ),
    DisagreementReason.MISSING_RECORD: (
        "DNS does not return {addresses}, which Cloud Map lists."
    ),
}
# Consecutive failed queries that are more than a lost packet.
REPEATED = 3


def hold_reason(
    spec: EndpointSpec, state: EndpointState, _changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return a hold while the name does not resolve."""
    if state.addresses:
        return None
    message = state.problem.rstrip(".") or f"{spec.host} does not resolve"
    return HoldReason(Hold.RESOLUTION_FAILED, f"{message}.")


def health(spec: EndpointSpec, state: EndpointState) -> Health:
    """Return healthy if the name resolves and every check succeeds."""
    where = f"{spec.host}:{spec.port}"
    cause = f" {_described(state.disagreement)}" if state.disagreement else ""
    if not state.addresses:
        message = f"{spec.host} does not resolve.{cause}"
        return Health(HealthLevel.DEGRADED, "ResolutionFailed", message)
    if problem := state.problem or _old_version(spec, state):
        used = used_address(state)
        message = f"{where} at {used} failed its check: {problem}.{cause}"
        return Health(HealthLevel.DEGRADED, "ProbeFailed", message)
    if state.broken:
        message = f"{where} breaks its contract: {'; '.join(state.broken)}."
        return Health(HealthLevel.DEGRADED, "ContractBroken", message)
    if not state.live:
        source = "pinned" if state.names.pinned else state.source
        message = f"DNS fails; {where} uses its {source} address."
        # Another reason is another event.
        repeated = state.names.failures >= REPEATED
        reason = "RepeatedFailures" if repeated else "Stale"
        return Health(HealthLevel.DEGRADED, reason, message)
    if pinned := state.names.pinned:
        # A user chose the address, and it answers.
        message = f"{where} is pinned to {', '.join(pinned)}."
        return Health(HealthLevel.HEALTHY, "Pinned", message)
    return Health(HealthLevel.HEALTHY, "Answering", f"{where} is {state.addresses[0]}.")


def conditions(
    spec: EndpointSpec, state: EndpointState
) -> tuple[UndatedCondition, ...]:
    """Return the conditions that only endpoints have.

    NameResolution: DNS answers, and the controller's resolver is used. AddressesAgree:
    DNS, Cloud Map and ECS have the same addresses. Certificate: enough of its validity
    is left. ReadersCurrent: no service holds only addresses that do not answer.
    """
    return (
        _name_resolution(spec, state),
        *_agreement(spec, state),
        *_certificate(spec, state),
        *_readers(spec, state),
    )


def used_address(state: EndpointState) -> str:
    """Return the address that the checks use: a pin, else one that answers."""
    if state.names.pinned:
        return state.names.pinned[0]
    answering = (a for a in state.addresses if a in state.answering)
    return next(answering, state.addresses[0])


def _name_resolution(spec: EndpointSpec, state: EndpointState) -> UndatedCondition:
    names = state.names
    if names.stepped_back:
        message = f"{names.stepped_back}."
        return _resolution(Truth.FALSE, "SteppedBack", message)
    if names.pin:
        message = (
            f"{spec.host} is pinned to {names.pin.summary}. To list the pins: "
            "hokusai dns show"
        )
        return _resolution(Truth.TRUE, "Pinned", message)
    if names.failures >= REPEATED:
        used = ", ".join(state.addresses) or "no address"
        message = (
            f"{names.failures} DNS queries in a row failed: {names.problem}. In use: "
            f"{used} ({state.source})."
        )
        return _resolution(Truth.FALSE, "RepeatedFailures", message)
    if not state.addresses:
        message = f"{spec.host} does not resolve."
        return _resolution(Truth.FALSE, "ResolutionFailed", message)
    message = f"{spec.host} is {', '.join(state.addresses)} ({state.source})."
    return _resolution(Truth.TRUE, "Resolved", message)


def _resolution(truth: Truth, reason: str, message: str) -> UndatedCondition:
    return UndatedCondition("NameResolution", truth, reason, message)


def _agreement(spec: EndpointSpec, state: EndpointState) -> Iterator[UndatedCondition]:
    type_ = "AddressesAgree"
    if state.not_compared:
        message = f"{state.not_compared.rstrip('.')}."
        yield UndatedCondition(type_, Truth.UNKNOWN, "NotObserved", message)
    elif found := state.disagreement:
        message = _described(found)
        yield UndatedCondition(type_, Truth.FALSE, found.reason.value, message)
    elif state.is_compared:
        message = f"DNS, Cloud Map and ECS agree on {spec.host}."
        yield UndatedCondition(type_, Truth.TRUE, "Agree", message)


def _described(found: Disagreement) -> str:
    """Return a disagreement as one sentence, with its remedy if a user has to act."""
    addresses = ", ".join(found.addresses)
    return _SENTENCES[found.reason].format(addresses=addresses, name=found.found)


def _old_version(spec: EndpointSpec, state: EndpointState) -> str:
    """Return the problem of a version of TLS that is older than required, or ""."""
    required, found = spec.requirements, state.certificate
    if required is None or found is None:
        return ""
    if _number(found.version) >= _number(required.minimum_version):
        return ""
    return f"it uses TLS {found.version}, older than {required.minimum_version}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _certificate(
    spec: EndpointSpec, state: EndpointState
) -> Iterator[UndatedCondition]:
    required, found = spec.requirements, state.certificate
    if required is None or found is None or state.at is None:
        return
    days = (found.expires - state.at).days
    end = f"{found.expires:%Y-%m-%d}"
    if found.expires_within(timedelta(seconds=required.expires_after), state.at):
        message = f"The certificate of {spec.host} expires on {end}, in {days} days."
        yield UndatedCondition("Certificate", Truth.FALSE, "ExpiresSoon", message)
        return
    message = f"The certificate of {spec.host} is valid until {end}, for {days} days."
    yield UndatedCondition("Certificate", Truth.TRUE, "Valid", message)


def _readers(spec: EndpointSpec, state: EndpointState) -> Iterator[UndatedCondition]:
    type_ = "ReadersCurrent"
    if spec.fallback is None or spec.fallback.publish is None:
        return
    if state.readers_unread:
        message = f"{state.readers_unread.rstrip('.')}."
        yield UndatedCondition(type_, Truth.UNKNOWN, "NotObserved", message)
    elif state.readers:
        held = "; ".join(f"{r.service}: {', '.join(r.held)}" for r in state.readers)
        command = f"hokusai restart {state.readers[0].service} --reason TEXT"
        message = (
            f"Running tasks read addresses that no longer answer ({held}). They have no "
            f"fallback until they are restarted: {command}"
        )
        yield UndatedCondition(type_, Truth.FALSE, "DeadAddress", message)
    elif state.published is not None:
        message = "Each reader holds an address that answers, or the current ones."
        yield UndatedCondition(type_, Truth.TRUE, "Current", message)
