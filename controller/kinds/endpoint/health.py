"""Health of an endpoint."""

from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.resources.kind import Health, HealthLevel, HoldReason
from controller.core.resources.plan import Change, Hold
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState

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
    """Return healthy if the name resolves and the check succeeds."""
    where = f"{spec.host}:{spec.port}"
    if not state.addresses:
        return Health(
            HealthLevel.DEGRADED, "ResolutionFailed", f"{spec.host} does not resolve."
        )
    if state.problem:
        used = (state.names.pinned or state.addresses)[0]
        message = f"{where} at {used} failed its check: {state.problem}."
        return Health(HealthLevel.DEGRADED, "ProbeFailed", message)
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
    """Return NameResolution: DNS answers, and the controller's resolver is used."""
    names = state.names
    if names.stepped_back:
        message = f"{names.stepped_back}."
        return (_resolution(Truth.FALSE, "SteppedBack", message),)
    if names.pinned:
        message = f"{spec.host} is pinned. To list the pins: hokusai dns show"
        return (_resolution(Truth.TRUE, "Pinned", message),)
    if names.failures >= REPEATED:
        used = ", ".join(state.addresses) or "no address"
        message = (
            f"{names.failures} DNS queries in a row failed: {names.problem}. In use: "
            f"{used} ({state.source})."
        )
        return (_resolution(Truth.FALSE, "RepeatedFailures", message),)
    if not state.addresses:
        message = f"{spec.host} does not resolve."
        return (_resolution(Truth.FALSE, "ResolutionFailed", message),)
    message = f"{spec.host} is {', '.join(state.addresses)} ({state.source})."
    return (_resolution(Truth.TRUE, "Resolved", message),)


def _resolution(truth: Truth, reason: str, message: str) -> UndatedCondition:
    return UndatedCondition("NameResolution", truth, reason, message)
