"""Events about resources, put into the outbox with the record that causes them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Conditions
from controller.core.resources.driver import Outcome
from controller.core.resources.plan import Action
from controller.core.webhooks.body_expression import with_derived_body
from controller.core.webhooks.resource_event import (
    ResourceEvent,
    action_events,
    status_events,
    webhook_event,
)
from controller.core.webhooks.subscription import Subscription
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database


class ResourceEvents:
    """Publisher of events; its calls join the transaction of their caller.

    Attributes:
        subscriptions: Returns the subscriptions of the declared targets.
        owner: Platform and environment, in the payload and the ids.

    Args:
        database: Store.
    """

    def __init__(self, database: Database) -> None:
        self.subscriptions: Callable[[], Sequence[Subscription]] = tuple
        self.owner = ""
        self._ledger = AnnouncementLedger(database)

    def status_changed(
        self, id_: ResourceId, before: Conditions, after: Conditions, now: datetime
    ) -> None:
        """Publish what a change of conditions means. Safe to repeat."""
        if self._is_wanted():
            latest = self._ledger.latest_events(self.owner, str(id_)) if before else {}
            self._publish(status_events(id_, before, after, latest), now)

    def acted(self, action: Action, outcome: Outcome, now: datetime) -> None:
        """Publish what the outcome of an action means."""
        if self._is_wanted():
            self._publish(action_events(action, outcome, now), now)

    def _is_wanted(self) -> bool:
        return any(subscription.events for subscription in self.subscriptions())

    def _publish(self, found: Iterable[ResourceEvent], now: datetime) -> None:
        events = [webhook_event(self.owner, event) for event in found]
        for subscription in self.subscriptions():
            name, expression = subscription.target, subscription.body
            chosen = [
                with_derived_body(event, name, expression)
                for event in events
                if subscription.includes(event)
            ]
            self._ledger.announce(name, "webhook", chosen, now)
