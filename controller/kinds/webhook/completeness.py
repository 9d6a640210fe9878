"""Account of a target: each version that is to be announced, and its delivery."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from controller.core.models.registration import ready_originals
from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.values.counts import counted
from controller.core.values.utc_text import utc_text
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import identity_of, since_baseline
from controller.kinds.webhook.health import (
    announced_tag,
    baseline,
    missing,
)
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState

# So many missing versions are named by a message.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class DeliveryAccount:
    """Versions of one target since its baseline, by the state of their delivery.

    A version that was announced before the loss of the store counts as delivered: its
    tag says so.

    Attributes:
        target: Key of the target.
        since: Creation time of the first version that counts; None for all.
        delivered: Number of versions that the target accepted.
        pending: Number of versions whose delivery is in progress.
        dead: Number of versions whose delivery failed permanently.
        cancelled: Number of versions whose delivery was cancelled.
        missing: Versions without an event, as in ``leads/3``, oldest first.
    """

    target: str
    since: datetime | None
    delivered: int
    pending: int
    dead: int
    cancelled: int
    missing: tuple[str, ...]

    @property
    def versions(self) -> int:
        """Number of all versions that count."""
        ended = self.delivered + self.dead + self.cancelled
        return ended + self.pending + len(self.missing)


def account(spec: WebhookSpec, state: WebhookState) -> DeliveryAccount:
    """Return the account of the target; it covers every ready version."""
    since, tag = baseline(spec, state), announced_tag(state.target)
    found: Counter[DeliveryState] = Counter()
    for version in since_baseline(ready_originals(state.versions), since):
        identity = identity_of(state.registry, version)
        recorded = state.delivery_states.get(identity)
        if recorded is not None:
            found[recorded] += 1
        elif tag in version.tags:
            found[DeliveryState.DELIVERED] += 1
    return DeliveryAccount(
        state.target,
        since,
        found[DeliveryState.DELIVERED],
        found[DeliveryState.PENDING],
        found[DeliveryState.DEAD],
        found[DeliveryState.CANCELLED],
        tuple(f"{v.model}/{v.number}" for v in missing(spec, state)),
    )


def complete_condition(found: DeliveryAccount) -> UndatedCondition:
    """Return the Complete condition: every version has an event."""
    if found.missing:
        message = f"{_missing(found.missing)} {_numbers(found)}"
        return UndatedCondition("Complete", Truth.FALSE, "EventsMissing", message)
    message = f"missing 0; {_numbers(found)}"
    return UndatedCondition("Complete", Truth.TRUE, "Complete", message)


def _missing(versions: tuple[str, ...]) -> str:
    named, rest = versions[:_NAMED], len(versions) - _NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"missing {len(versions)} ({', '.join(named)}{more});"


def _numbers(found: DeliveryAccount) -> str:
    since = "" if found.since is None else f" since {utc_text(found.since)}"
    cancelled = f", {found.cancelled} cancelled" if found.cancelled else ""
    return (
        f"{counted(found.versions, 'version')}{since}: {found.delivered} delivered, "
        f"{found.pending} in progress, {found.dead} failed permanently{cancelled}."
    )
