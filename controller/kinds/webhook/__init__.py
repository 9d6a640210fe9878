"""The ``webhook`` kind: targets of events, and the events sent to them."""

from typing import TYPE_CHECKING

from controller.core.resources.kind import Kind
from controller.core.resources.lazy_import import deferred
from controller.core.resources.plan import Change, Verb
from controller.kinds.webhook.spec import (
    WebhookSpec,
    complete,
    references,
    warnings,
)

if TYPE_CHECKING:
    from controller.kinds.webhook.state import WebhookState


def _not_edited(_change: Change) -> bool:
    """Return True: announcements are pending, and nothing was edited."""
    return True


KIND: "Kind[WebhookSpec, WebhookState]" = Kind(
    name="webhook",
    section="webhooks",
    spec=WebhookSpec,
    compare=deferred("controller.kinds.webhook.compare", "compare"),
    health=deferred("controller.kinds.webhook.health", "health"),
    conditions=deferred("controller.kinds.webhook.conditions", "conditions"),
    hold_reason=deferred("controller.kinds.webhook.health", "hold_reason"),
    findings=deferred("controller.kinds.webhook.migration", "findings"),
    warnings=warnings,
    references=references,
    complete=complete,
    details=deferred("controller.kinds.webhook.details", "details"),
    cost=deferred("controller.kinds.webhook.details", "cost"),
    call_budget="none in addition to those of the models",
    check_request=deferred("controller.kinds.webhook.requests", "refusal"),
    unedited=_not_edited,
    repair=Verb.ANNOUNCE,
)
