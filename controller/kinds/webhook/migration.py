"""Migration of a target from a Redis queue to its webhook, phase by phase."""

from collections.abc import Iterator

from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.resources.details import DetailSection
from controller.core.resources.kind import Finding
from controller.core.resources.plan import Change, Reason
from controller.core.values.counts import counted
from controller.core.webhooks.parity import ParityReport, advance_refusal
from controller.core.webhooks.publication_phase import (
    DUAL,
    WEBHOOK_ONLY,
    WEBHOOK_PRIMARY,
    Phase,
    is_advance,
)
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState

PHASE = "redis.phase"
_REASONS: dict[Phase, str] = {
    DUAL: "Dual",
    WEBHOOK_PRIMARY: "WebhookPrimary",
    WEBHOOK_ONLY: "WebhookOnly",
}


def phase_change(spec: WebhookSpec, state: WebhookState) -> Change | None:
    """Return the change of the recorded phase; None if there is none, or it is refused."""
    before, after = state.queue.phase, spec.phase
    if before == after or refusal(spec, state):
        return None
    return Change(PHASE, before, after)


def refusal(spec: WebhookSpec, state: WebhookState) -> str:
    """Return the reason to stay in the recorded phase; empty if there is none.

    Without a connection there is nothing to compare: Redis receives nothing.
    """
    before, parity = state.queue.phase, state.queue.parity
    if spec.redis is None or parity is None or not is_advance(before, spec.phase):
        return ""
    return advance_refusal(parity, spec.redis.advance_after)


def phase_condition(spec: WebhookSpec, state: WebhookState) -> UndatedCondition | None:
    """Return the PhaseCurrent condition of a target that uses, or used, Redis."""
    queue = state.queue
    if spec.redis is None and not (queue.pending or queue.held):
        return None
    if reason := refusal(spec, state):
        message = f"The phase stays {queue.phase}: {reason}."
        return UndatedCondition("PhaseCurrent", Truth.FALSE, "BelowParity", message)
    if queue.phase != spec.phase:
        message = f"The phase changes from {queue.phase} to {spec.phase}."
        return UndatedCondition("PhaseCurrent", Truth.FALSE, "Changing", message)
    parity = f" {_numbers(queue.parity)}." if queue.parity else ""
    message = f"The phase is {queue.phase}.{parity}{_messages(state)}"
    return UndatedCondition("PhaseCurrent", Truth.TRUE, _REASONS[queue.phase], message)


def findings(spec: WebhookSpec, state: WebhookState) -> tuple[Finding, ...]:
    """Return a refused phase, and messages that nothing sends any more."""
    return tuple(_findings(spec, state))


def parity_section(state: WebhookState) -> DetailSection | None:
    """Return the numbers of the comparison; None without one."""
    found = state.queue.parity
    if found is None:
        return None
    columns = (
        *("phase", "events", "both", "only_webhook", "only_redis", "neither"),
        *("not_needed", "unfinished", "reordered", "largest_delay_seconds"),
    )
    row = (
        found.phase,
        found.events,
        found.both,
        found.only_webhook,
        found.only_redis,
        found.neither,
        found.not_needed,
        found.unfinished,
        found.reordered,
        round(found.largest_delay.total_seconds(), 3),
    )
    return DetailSection("parity", columns, (row,))


def _findings(spec: WebhookSpec, state: WebhookState) -> Iterator[Finding]:
    if reason := refusal(spec, state):
        message = (
            f"The phase stays {state.queue.phase}: {reason}. To go on without the "
            f"comparison, declare `advance_after: 0`."
        )
        yield Finding(PHASE, Reason.GATE_FAILED, message)
    waiting = state.queue.pending + state.queue.held
    if spec.redis is None and waiting:
        message = (
            f"{counted(waiting, 'message')} for Redis cannot be sent: the document has "
            f"no connection. Declare `webhooks.{state.target}.redis` again, or cancel "
            "them."
        )
        yield Finding("redis", Reason.GATE_FAILED, message)


def _numbers(found: ParityReport) -> str:
    return f"{found.at_parity} of {counted(found.events, 'event')} at parity"


def _messages(state: WebhookState) -> str:
    queue = state.queue
    numbers = f"{queue.pending} pending, {queue.held} held, {queue.dead} dead"
    error = (
        f"; last failure: {queue.last_error.rstrip('.')}" if queue.last_error else ""
    )
    return f" Messages for Redis: {numbers}{error}."
