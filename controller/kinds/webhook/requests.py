"""Operations that may be requested of a webhook target."""

from datetime import datetime

from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState


def refusal(
    verb: Verb,
    _request: OperationRequest,
    _spec: WebhookSpec,
    state: WebhookState,
    _now: datetime,
) -> str:
    """Return the reason to refuse ``verb``; empty to accept it."""
    if verb is not Verb.RETRY:
        return f"a webhook target does not support `{verb}`; it supports `retry`"
    if state.breaker.is_closed and not state.deliveries.dead:
        return "no delivery failed permanently, and the target is not paused"
    return ""
