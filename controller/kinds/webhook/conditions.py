"""Conditions of a webhook target, besides those of every kind."""

from collections.abc import Iterator

from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.values.counts import counted
from controller.core.values.utc_text import utc_text
from controller.kinds.webhook.completeness import account, complete_condition
from controller.kinds.webhook.health import breaker_condition
from controller.kinds.webhook.migration import phase_condition
from controller.kinds.webhook.rotation.health import rotation_condition
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState

# The cause of a dead delivery for which none is recorded.
_EXHAUSTED = "exhausted"


def conditions(spec: WebhookSpec, state: WebhookState) -> tuple[UndatedCondition, ...]:
    """Return all conditions that only webhook targets have."""
    phase, rotation = phase_condition(spec, state), rotation_condition(state)
    return (
        complete_condition(account(spec, state)),
        breaker_condition(state),
        _secret_current(state),
        _delivering(state),
        _verified(state),
        *((phase,) if phase else ()),
        *((rotation,) if rotation else ()),
    )


def _secret_current(state: WebhookState) -> UndatedCondition:
    """Return SecretCurrent: no process reports a secret that it cannot read."""
    error = state.record.secret_error
    if error:
        message = (
            f"A secret cannot be read: {error.rstrip('.')}. Deliveries wait, and use up "
            f"no attempts. To check: hokusai preflight webhook/{state.target}"
        )
        return UndatedCondition(
            "SecretCurrent", Truth.FALSE, "SecretUnreadable", message
        )
    message = "No process reports a secret that it cannot read."
    return UndatedCondition("SecretCurrent", Truth.TRUE, "NoErrors", message)


def _delivering(state: WebhookState) -> UndatedCondition:
    """Return Delivering: nothing is paused or given up.

    Cancelled deliveries are kept for a while, and stop nothing.
    """
    unsent = "; ".join(_unsent(state))
    if reason := _pause(state):
        message = f"Deliveries wait: {reason.rstrip('.')}." + (
            f" {unsent}." if unsent else ""
        )
        return UndatedCondition("Delivering", Truth.FALSE, "Paused", message)
    if not set(state.record.dead) - {"cancelled"}:
        pending = counted(state.deliveries.pending, "delivery", "deliveries")
        message = "; ".join(filter(None, (f"{pending} in progress", unsent)))
        return UndatedCondition("Delivering", Truth.TRUE, "Delivering", f"{message}.")
    message = (
        f"{unsent}. To list them: hokusai deliveries list --target {state.target} "
        "--only dead"
    )
    return UndatedCondition("Delivering", Truth.FALSE, "DeliveriesFailed", message)


def _pause(state: WebhookState) -> str:
    """Return the reason why nothing is sent now, or ""."""
    if state.record.secret_error:
        return "a secret cannot be read"
    if state.breaker.disabled:
        return "the target is disabled"
    if state.breaker.open_until is not None:
        return "the circuit breaker is open"
    return ""


def _unsent(state: WebhookState) -> Iterator[str]:
    """Yield the numbers of deliveries that are not sent, by cause."""
    for cause, number in sorted(state.record.dead.items()):
        noun = counted(number, "delivery", "deliveries")
        yield f"{noun} {cause or _EXHAUSTED}"


def _verified(state: WebhookState) -> UndatedCondition:
    """Return Verified: the receiver accepted something with the present settings."""
    accepted = state.record.verified
    if accepted is None:
        message = (
            "No delivery was accepted since the address, secrets and payload last "
            f"changed. To test: hokusai webhooks test {state.target}"
        )
        return UndatedCondition("Verified", Truth.UNKNOWN, "NotYetVerified", message)
    message = f"Last accepted: {utc_text(accepted)}."
    return UndatedCondition("Verified", Truth.TRUE, "Accepted", message)
