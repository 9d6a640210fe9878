"""How an endpoint does, and when there is nothing to do about it."""

from controller.core.resources.kind import Health, HealthLevel, HoldReason
from controller.core.resources.plan import Change, Hold
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState


def held(
    spec: EndpointSpec, state: EndpointState, _changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return that the name leads nowhere: whoever registers it must act first."""
    if state.addresses:
        return None
    message = state.problem.rstrip(".") or f"{spec.host} does not resolve"
    return HoldReason(Hold.RESOLUTION_FAILED, f"{message}.")


def health(spec: EndpointSpec, state: EndpointState) -> Health:
    """Return whether the name resolves and answers."""
    where = f"{spec.host}:{spec.port}"
    if not state.addresses:
        return Health(
            HealthLevel.DEGRADED, "ResolutionFailed", f"{spec.host} does not resolve."
        )
    if state.problem:
        message = f"{where} at {state.addresses[0]} does not work: {state.problem}."
        return Health(HealthLevel.DEGRADED, "ProbeFailed", message)
    if not state.live:
        message = f"DNS fails; {where} is reached by its {state.source} address."
        return Health(HealthLevel.DEGRADED, "Stale", message)
    return Health(HealthLevel.HEALTHY, "Answering", f"{where} is {state.addresses[0]}.")
