"""The ``webhook`` kind: targets of events, and the events sent to them."""

from controller.core.resources.kind import Kind
from controller.core.resources.plan import Verb
from controller.kinds.webhook.compare import compare
from controller.kinds.webhook.details import cost, details
from controller.kinds.webhook.health import health, hold_reason
from controller.kinds.webhook.spec import WebhookSpec, complete, references
from controller.kinds.webhook.state import WebhookState

KIND: Kind[WebhookSpec, WebhookState] = Kind(
    name="webhook",
    section="webhooks",
    spec=WebhookSpec,
    compare=compare,
    health=health,
    hold_reason=hold_reason,
    references=references,
    complete=complete,
    details=details,
    cost=cost,
    call_budget="none in addition to those of the models",
    repair=Verb.ANNOUNCE,
)
