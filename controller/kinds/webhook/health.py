"""Pending announcements of a target, and the health of its deliveries."""

from datetime import UTC, datetime

from controller.core.models.registration import ModelVersion
from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.resources.kind import Health, HealthLevel, HoldReason
from controller.core.resources.plan import Change, Hold
from controller.core.values.counts import counted
from controller.core.values.utc_text import utc_text
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import MODEL_REGISTERED, identity_of, unannounced
from controller.kinds.webhook.spec import AnnounceFrom, WebhookSpec
from controller.kinds.webhook.state import WebhookState

# On a version: the target accepted it. With it, a rebuilt store announces nothing twice.
ANNOUNCED_TAG = "hokusai.ai/announced"


def announced_tag(target: str) -> str:
    """Return the key of the tag for a version announced to ``target``."""
    return f"{ANNOUNCED_TAG}.{target}"


def baseline(spec: WebhookSpec, state: WebhookState) -> datetime | None:
    """Return the time before which versions are not announced; None for no limit."""
    match spec.announce:
        case AnnounceFrom(since=since):
            return since if since.tzinfo else since.replace(tzinfo=UTC)
        case "all":
            return None
        case _:
            return state.first_seen


def missing(spec: WebhookSpec, state: WebhookState) -> tuple[ModelVersion, ...]:
    """Return the versions to announce, oldest first."""
    if MODEL_REGISTERED not in spec.events:
        return ()
    tag = announced_tag(state.target)
    since = baseline(spec, state)
    announced = state.delivery_states.keys()
    pending = unannounced(state.registry, state.versions, announced, since)
    return tuple(version for version in pending if tag not in version.tags)


def unstamped(state: WebhookState) -> tuple[ModelVersion, ...]:
    """Return the versions that the target accepted and that lack the tag."""
    return _by_delivery(state, DeliveryState.DELIVERED, tagged=False)


def wrongly_stamped(state: WebhookState) -> tuple[ModelVersion, ...]:
    """Return the versions with the tag whose delivery is dead.

    Earlier versions of the controller tagged them. Without the tag, they are announced
    again after the loss of the store.
    """
    return _by_delivery(state, DeliveryState.DEAD, tagged=True)


def _by_delivery(
    state: WebhookState, delivery: DeliveryState, *, tagged: bool
) -> tuple[ModelVersion, ...]:
    tag = announced_tag(state.target)
    return tuple(
        version
        for version in state.versions
        if (tag in version.tags) is tagged
        and state.delivery_states.get(identity_of(state.registry, version)) is delivery
    )


def hold_reason(
    _spec: WebhookSpec, state: WebhookState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return a hold if more versions would be announced than one pass allows."""
    pending = sum(change.path.startswith("announced.") for change in changes)
    if pending <= state.largest_backlog:
        return None
    message = (
        f"{pending} versions would be announced at once, more than "
        f"{state.largest_backlog}: to allow it, run `apply --allow-backlog`."
    )
    return HoldReason(Hold.BACKLOG_LIMIT_EXCEEDED, message)


def health(_spec: WebhookSpec, state: WebhookState) -> Health:
    """Return the health of the target's deliveries."""
    counts = state.deliveries
    if state.record.secret_error or counts.blocked:
        return _configured_wrongly(state)
    if not state.breaker.is_closed:
        return _not_delivering(state)
    error = f": {counts.last_error.rstrip('.')}" if counts.last_error else ""
    if counts.dead:
        dead = counted(counts.dead, "delivery", "deliveries")
        message = f"{dead} failed permanently{error}. {_retry(state)}"
        return Health(HealthLevel.DEGRADED, "DeliveryFailed", message)
    if counts.retrying:
        retrying = counted(counts.retrying, "delivery", "deliveries")
        message = f"{retrying} waiting for a retry{error}."
        return Health(HealthLevel.DEGRADED, "Retrying", message)
    if counts.pending:
        message = f"{counted(counts.pending, 'delivery', 'deliveries')} in progress."
        return Health(HealthLevel.PROGRESSING, "Delivering", message)
    message = f"{counted(counts.delivered, 'announcement')} delivered."
    return Health(HealthLevel.HEALTHY, "Delivered", message)


def _configured_wrongly(state: WebhookState) -> Health:
    """Return the health of a target without a readable secret or permitted address."""
    counts = state.deliveries
    waiting = counted(counts.pending, "delivery", "deliveries")
    if state.record.secret_error:
        error = state.record.secret_error.rstrip(".")
        message = f"A secret cannot be read: {error}. {waiting} waiting."
        return Health(HealthLevel.DEGRADED, "SecretUnreadable", message)
    message = (
        f"Nothing is sent: {counts.blocked.rstrip('.')}. {waiting} waiting, without an attempt "
        f"of the schedule; the target is checked every five minutes."
    )
    return Health(HealthLevel.DEGRADED, "AddressNotPermitted", message)


def breaker_condition(state: WebhookState) -> UndatedCondition:
    """Return the BreakerClosed condition: deliveries are sent as they become due."""
    breaker = state.breaker
    if breaker.is_closed:
        message = "Deliveries are sent as they become due."
        return UndatedCondition("BreakerClosed", Truth.TRUE, "Closed", message)
    found = _not_delivering(state)
    return UndatedCondition("BreakerClosed", Truth.FALSE, found.reason, found.message)


def _not_delivering(state: WebhookState) -> Health:
    """Return the health of a target that nothing, or only a probe, is sent to."""
    breaker, counts = state.breaker, state.deliveries
    waiting = counted(counts.pending, "delivery", "deliveries")
    if breaker.disabled:
        message = f"{_sentence(breaker.disabled)} {waiting} waiting. {_retry(state)}"
        return Health(HealthLevel.DEGRADED, "TargetDisabled", message, needs_user=True)
    failed = counted(breaker.failures, "attempt")
    at = utc_text(breaker.open_until) if breaker.open_until else "once"
    error = f": {counts.last_error.rstrip('.')}" if counts.last_error else ""
    message = (
        f"{failed} failed in a row{error}. {waiting} waiting; next attempt at {at}."
    )
    return Health(HealthLevel.DEGRADED, "BreakerOpen", message)


def _retry(state: WebhookState) -> str:
    command = f'hokusai retry webhook/{state.target} --reason "…"'
    return f"To send again: {command}"


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:].rstrip('.')}."
