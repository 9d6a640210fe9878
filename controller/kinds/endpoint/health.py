"""Health of an endpoint."""

from controller.core.resources.kind import Health, HealthLevel, HoldReason
from controller.core.resources.plan import Change, Hold
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState


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
        message = f"{where} at {state.addresses[0]} failed its check: {state.problem}."
        return Health(HealthLevel.DEGRADED, "ProbeFailed", message)
    if not state.live:
        message = f"DNS fails; {where} uses its {state.source} address."
        return Health(HealthLevel.DEGRADED, "Stale", message)
    return Health(HealthLevel.HEALTHY, "Answering", f"{where} is {state.addresses[0]}.")
