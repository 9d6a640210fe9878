"""Steps of a version's timeline at one webhook target: event, delivery, attempts."""

from collections.abc import Iterator, Sequence

from controller.core.models.registration import ModelVersion
from controller.core.models.timeline import TimelineStep
from controller.core.values.utc_text import utc_text
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import MODEL_REGISTERED, identity_of
from controller.core.webhooks.records import DeliveryAttempt, DeliveryReport
from controller.kinds.webhook.health import announced_tag, baseline, missing
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState


def timeline_at(
    spec: WebhookSpec,
    state: WebhookState,
    version: ModelVersion,
    delivery: tuple[DeliveryReport, Sequence[DeliveryAttempt]] | None,
) -> Iterator[TimelineStep]:
    """Yield the steps of ``version`` at one target, and the next one.

    Args:
        spec: Declared target.
        state: Observed target.
        version: Version.
        delivery: Its recorded delivery with all attempts; None if there is none.
    """
    if delivery is None:
        if MODEL_REGISTERED in spec.events:
            yield TimelineStep(None, _not_recorded(spec, state, version))
        return
    report, attempts = delivery
    name = state.target
    yield TimelineStep(report.recorded, f"{name}: event {report.event_id} recorded.")
    for attempt in attempts:
        yield TimelineStep(attempt.started, f"{name}: {_attempt(attempt)}.")
    yield _outcome(state, report)


def _not_recorded(spec: WebhookSpec, state: WebhookState, version: ModelVersion) -> str:
    name = state.target
    if announced_tag(name) in version.tags:
        return (
            f"{name}: accepted; the store has no record of it, the version's tag has."
        )
    recorded = state.delivery_states.get(identity_of(state.registry, version))
    if recorded is not None:
        return f"{name}: {recorded}; its delivery was deleted with the history."
    if version in missing(spec, state):
        return f"{name}: not announced yet; the next pass announces it."
    since = baseline(spec, state)
    if since is not None and version.created_ms < since.timestamp() * 1000:
        at = utc_text(since)
        return f"{name}: not announced, because it is older than {at}."
    return f"{name}: not announced, because it is not ready or repeats another version."


def _attempt(attempt: DeliveryAttempt) -> str:
    again = ", possibly a duplicate" if attempt.possible_duplicate else ""
    if attempt.status is not None:
        result = f"the receiver answered {attempt.status}"
    else:
        result = attempt.error or f"outcome {attempt.outcome}"
    return f"attempt {attempt.number}{again}: {result}"


def _outcome(state: WebhookState, report: DeliveryReport) -> TimelineStep:
    name, reason = state.target, report.reason.rstrip(".")
    match report.state:
        case DeliveryState.DELIVERED:
            return TimelineStep(report.ended, f"{name}: accepted.")
        case DeliveryState.DEAD:
            command = f'hokusai retry webhook/{name} --reason "…"'
            text = f"{name}: failed permanently: {reason}. To send again: {command}"
            return TimelineStep(report.ended, text)
        case DeliveryState.CANCELLED:
            return TimelineStep(report.ended, f"{name}: cancelled: {reason}.")
        case DeliveryState.SUPERSEDED:
            return TimelineStep(report.ended, f"{name}: not sent: {reason}.")
        case DeliveryState.HELD:
            return TimelineStep(None, f"{name}: held until the webhook fails.")
        case DeliveryState.PENDING:
            return TimelineStep(None, f"{name}: {_next(state, report)}")


def _next(state: WebhookState, report: DeliveryReport) -> str:
    if state.breaker.disabled:
        return f"waiting, because {state.breaker.disabled.rstrip('.')}."
    at = max(filter(None, (report.next_at, state.breaker.open_until)))
    paused = " The target is paused." if not state.breaker.is_closed else ""
    return f"next attempt at {utc_text(at)}.{paused}"
