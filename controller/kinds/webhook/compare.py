"""Which versions a target has not been told of."""

from collections.abc import Iterator

from controller.core.models.registration import ModelVersion
from controller.core.resources.plan import Change, Effect
from controller.core.webhooks.event import MODEL_REGISTERED, event_id, identity_of
from controller.kinds.webhook.health import missing, unstamped
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState


def compare(spec: WebhookSpec, state: WebhookState) -> tuple[Change, ...]:
    """Return one change for each version to announce, or to mark as announced."""
    return tuple(_changes(spec, state))


def _changes(spec: WebhookSpec, state: WebhookState) -> Iterator[Change]:
    for version in missing(spec, state):
        yield Change(f"announced.{_label(version)}", None, _event(state, version))
    for version in unstamped(state):
        path = f"stamped.{_label(version)}"
        yield Change(path, None, _event(state, version), Effect.COSMETIC)


def _label(version: ModelVersion) -> str:
    return f"{version.model}/{version.number}"


def _event(state: WebhookState, version: ModelVersion) -> str:
    return event_id(identity_of(state.registry, version), MODEL_REGISTERED)
