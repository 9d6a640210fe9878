"""Details of a webhook target: its deliveries by state."""

from controller.core.resources.cost import Cost
from controller.core.resources.details import DetailSection
from controller.core.resources.plan import Action
from controller.kinds.webhook.migration import parity_section
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState


def details(spec: WebhookSpec, state: WebhookState) -> tuple[DetailSection, ...]:
    """Return the numbers of deliveries by state."""
    counts = state.deliveries
    row = (
        spec.address,
        counts.pending,
        counts.retrying,
        counts.delivered,
        counts.dead,
    )
    columns = ("address", "pending", "retrying", "delivered", "dead")
    parity = parity_section(state)
    target = DetailSection("target", columns, (row,))
    return (target, parity) if parity else (target,)


def cost(action: Action) -> Cost:
    """Return one call per version that is tagged as announced."""
    stamped = sum(change.path.startswith("stamped.") for change in action.changes)
    return Cost(stamped, 0, 1)
