"""Subscriptions of webhook targets to events about resources."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.core.webhooks.event import (
    DEFAULT_PROFILE,
    MODEL_REGISTERED,
    EventType,
    Profile,
    WebhookEvent,
)
from controller.core.webhooks.payload_profile import PROFILE_EVENTS

# Fields of every payload about a resource; see `core.webhooks.resource_event`.
PAYLOAD_FIELDS = (
    *("event_type", "schema_version", "idempotency_key", "timestamp", "platform"),
    *("resource", "kind", "name", "generation", "reason", "message", "details"),
)
# Fields of the payload about a registration; see `core.webhooks.event`.
REGISTRATION_FIELDS = (
    *("model_id", "idempotency_key", "registered_version", "timestamp"),
    *("token_symbol", "baseline_metrics", "metadata", "event_type", "schema_version"),
)
_NESTED = frozenset(
    {
        *("subexpression", "index_expression", "pipe", "projection"),
        *("value_projection", "filter_projection"),
    }
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """The events that one target receives.

    Attributes:
        target: Webhook target.
        events: Types of events.
        where: JMESPath expression over the payload; empty for every event.
        body: JMESPath expression that makes the body; empty to send the payload.
        payload: Payload profile.
    """

    target: str
    events: frozenset[EventType] = field(default_factory=frozenset)
    where: str = ""
    body: str = ""
    payload: Profile = DEFAULT_PROFILE

    def includes(self, event: WebhookEvent) -> bool:
        """Return True if the target receives ``event`` and has a format for it.

        An expression that cannot be evaluated on the payload excludes nothing: no event
        is lost by a mistake in it.
        """
        if event.type not in self.events & PROFILE_EVENTS[self.payload]:
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


def unknown_field(text: str) -> str:
    """Return the first field in ``text`` that no event about a resource has, or "".

    Args:
        text: Valid JMESPath expression.
    """
    return next(iter(unknown_fields(text, PAYLOAD_FIELDS)), "")


def unknown_fields(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the fields that ``text`` reads from a payload and that are not ``known``.

    Args:
        text: Valid JMESPath expression.
        known: Fields of the payloads.
    """
    import jmespath

    names = _root_fields(jmespath.compile(text).parsed)
    return tuple(dict.fromkeys(name for name in names if name not in known))


def payload_fields(events: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of the payloads of ``events`` in the profile hokusai-v1."""
    chosen = [
        REGISTRATION_FIELDS if type_ == MODEL_REGISTERED else PAYLOAD_FIELDS
        for type_ in events
    ]
    return tuple(dict.fromkeys(field for fields in chosen for field in fields))


def _root_fields(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields that an expression reads from the payload itself.

    The right side of these nodes is evaluated on the result of the left one:
    https://jmespath.org/specification.html
    """
    if node["type"] == "field":
        yield node["value"]
    if node["type"] == "expref":
        return
    children = node["children"]
    for child in children[:1] if node["type"] in _NESTED else children:
        yield from _root_fields(child)


def _is_true(expression: str, payload: Any) -> bool:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        found = jmespath.search(expression, payload)
    except JMESPathError:
        return True
    # False values of JMESPath; the number 0 is a true one.
    return found is not None and found is not False and found not in ("", [], {})
