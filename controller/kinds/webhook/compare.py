"""Versions to announce to a target, and tags that do not match their deliveries."""

from collections.abc import Iterable, Iterator

from controller.core.models.registration import ModelVersion
from controller.core.resources.plan import Change, Effect
from controller.core.webhooks.event import MODEL_REGISTERED, event_id, identity_of
from controller.kinds.webhook.health import missing, unstamped, wrongly_stamped
from controller.kinds.webhook.migration import phase_change
from controller.kinds.webhook.rotation.health import rotation_change
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState

# First word of the paths: versions to announce, and tags to set or to remove.
ANNOUNCED = "announced"
STAMPED = "stamped"


def compare(spec: WebhookSpec, state: WebhookState) -> tuple[Change, ...]:
    """Return one change per version to announce, and per tag to set or to remove."""
    return tuple(_changes(spec, state))


def planned(
    changes: Iterable[Change], word: str, versions: Iterable[ModelVersion]
) -> tuple[ModelVersion, ...]:
    """Return the ``versions`` that a change under ``word`` is about, in their order."""
    paths = {change.path for change in changes}
    return tuple(v for v in versions if f"{word}.{_label(v)}" in paths)


def _changes(spec: WebhookSpec, state: WebhookState) -> Iterator[Change]:
    if change := phase_change(spec, state):
        yield change
    if change := rotation_change(state):
        yield change
    for version in missing(spec, state):
        yield Change(f"{ANNOUNCED}.{_label(version)}", None, _event(state, version))
    for version in unstamped(state):
        path = f"{STAMPED}.{_label(version)}"
        yield Change(path, None, _event(state, version), Effect.COSMETIC)
    for version in wrongly_stamped(state):
        path = f"{STAMPED}.{_label(version)}"
        yield Change(path, _event(state, version), None, Effect.COSMETIC)


def _label(version: ModelVersion) -> str:
    return f"{version.model}/{version.number}"


def _event(state: WebhookState, version: ModelVersion) -> str:
    return event_id(identity_of(state.registry, version), MODEL_REGISTERED)
