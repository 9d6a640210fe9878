"""Subscriptions of webhook targets to events about resources."""

import json
from dataclasses import dataclass, field
from typing import Any

from controller.core.webhooks.event import EventType, WebhookEvent


@dataclass(frozen=True, slots=True)
class Subscription:
    """The events that one target receives.

    Attributes:
        target: Webhook target.
        events: Types of events.
        where: JMESPath expression over the payload; empty for every event.
        body: JMESPath expression that makes the body; empty to send the payload.
    """

    target: str
    events: frozenset[EventType] = field(default_factory=frozenset)
    where: str = ""
    body: str = ""

    def includes(self, event: WebhookEvent) -> bool:
        """Return True if the target receives ``event``.

        An expression that cannot be evaluated on the payload excludes nothing: no event
        is lost by a mistake in it.
        """
        if event.type not in self.events:
            return False
        return not self.where or _is_true(self.where, json.loads(event.body))


def expression_problem(text: str) -> str:
    """Return the reason why ``text`` is not a JMESPath expression, or nothing."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        jmespath.compile(text)
    except JMESPathError as error:
        return str(error).splitlines()[0].rstrip(": ")
    return ""


def _is_true(expression: str, payload: Any) -> bool:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        found = jmespath.search(expression, payload)
    except JMESPathError:
        return True
    # False values of JMESPath; the number 0 is a true one.
    return found is not None and found is not False and found not in ("", [], {})
