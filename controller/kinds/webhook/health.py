"""What a target must still be told, and how its deliveries do."""

from datetime import UTC, datetime

from controller.core.models.registration import ModelVersion
from controller.core.resources.kind import Health, HealthLevel, HoldReason
from controller.core.resources.plan import Change, Hold
from controller.core.webhooks.event import identity_of, unannounced
from controller.kinds.webhook.spec import AnnounceFrom, WebhookSpec
from controller.kinds.webhook.state import WebhookState

# On a version: the target was told, and the delivery came to its end. With it, a
# store that is lost and rebuilt tells nobody twice.
ANNOUNCED_TAG = "hokusai.ai/announced"


def announced_tag(target: str) -> str:
    """Return the tag that says ``target`` was told of a version."""
    return f"{ANNOUNCED_TAG}.{target}"


def baseline(spec: WebhookSpec, state: WebhookState) -> datetime | None:
    """Return the moment before which versions are not announced; None for none."""
    match spec.announce:
        case AnnounceFrom(since=since):
            return since if since.tzinfo else since.replace(tzinfo=UTC)
        case "all":
            return None
        case _:
            return state.first_seen


def missing(spec: WebhookSpec, state: WebhookState) -> tuple[ModelVersion, ...]:
    """Return the versions that the target must still be told of, oldest first."""
    tag = announced_tag(state.target)
    since = baseline(spec, state)
    news = unannounced(state.registry, state.versions, state.announced, since)
    return tuple(version for version in news if tag not in version.tags)


def unstamped(state: WebhookState) -> tuple[ModelVersion, ...]:
    """Return the versions whose delivery ended and that do not say so yet."""
    tag = announced_tag(state.target)
    return tuple(
        version
        for version in state.versions
        if tag not in version.tags
        and identity_of(state.registry, version) in state.ended
    )


def held(
    _spec: WebhookSpec, state: WebhookState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return that more is to be told at once than can be meant."""
    news = sum(change.path.startswith("announced.") for change in changes)
    if news <= state.largest_backlog:
        return None
    message = (
        f"{news} versions would be announced at once, more than "
        f"{state.largest_backlog}; allow it with `apply --allow-backlog`."
    )
    return HoldReason(Hold.BACKLOG_LIMIT_EXCEEDED, message)


def health(_spec: WebhookSpec, state: WebhookState) -> Health:
    """Return how the deliveries of the target do."""
    counts = state.deliveries
    error = f": {counts.last_error}" if counts.last_error else ""
    if counts.dead:
        message = f"{counts.dead} deliveries failed for good{error}."
        return Health(HealthLevel.DEGRADED, "DeliveryFailed", message)
    if counts.retrying:
        message = f"{counts.retrying} deliveries are tried again{error}."
        return Health(HealthLevel.DEGRADED, "Retrying", message)
    if counts.pending:
        message = f"{counts.pending} deliveries are under way."
        return Health(HealthLevel.PROGRESSING, "Delivering", message)
    many = "announcement" if counts.delivered == 1 else "announcements"
    return Health(
        HealthLevel.HEALTHY, "Delivered", f"{counts.delivered} {many} delivered."
    )
