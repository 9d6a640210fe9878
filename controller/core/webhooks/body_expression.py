"""Bodies that a target derives from the payload by a JMESPath expression.

A body is derived once, with the event, and stored; every attempt sends these bytes. An
empty body stands for an expression that failed: it is evaluated again at the next
attempt, with the expression of the document at that time.
"""

import json
from dataclasses import replace

from controller.core.webhooks.event import ProfileBody, WebhookEvent

# Names the expression in reasons of failed deliveries.
BODY_EXPRESSION = "the expression `body`"
UNDERIVED = b""
_PREFIX = "target:"


class BodyError(ValueError):
    """The expression yields no body; the message is a clause."""


def target_profile(target: str) -> str:
    """Return the payload profile under which the bodies of ``target`` are stored."""
    return f"{_PREFIX}{target}"


def is_target_profile(profile: str) -> bool:
    """Return True for the profile of one target."""
    return profile.startswith(_PREFIX)


def with_derived_body(
    event: WebhookEvent, target: str, expression: str
) -> WebhookEvent:
    """Return ``event`` for ``target`` with the body that ``expression`` makes of it."""
    if not expression:
        return event
    profile = target_profile(target)
    try:
        body = derived_body(expression, event.body)
    except BodyError:
        body = UNDERIVED
    bodies = *event.bodies, ProfileBody(profile, body)
    return replace(event, profile=profile, bodies=bodies)


def derived_body(expression: str, payload: bytes) -> bytes:
    """Return the value of ``expression`` over ``payload``, as compact JSON.

    Without an expression, it is the payload.

    Raises:
        BodyError: The evaluation failed, or its value is null or not JSON.
    """
    if not expression:
        return payload
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        found = jmespath.search(expression, json.loads(payload))
    except JMESPathError as error:
        msg = f"{BODY_EXPRESSION} failed: {str(error).splitlines()[0]}"
        raise BodyError(msg) from error
    except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
        # Functions of JMESPath on numbers, slices and types that they do not expect.
        msg = f"{BODY_EXPRESSION} failed: {error}"
        raise BodyError(msg) from error
    if found is None:
        msg = f"{BODY_EXPRESSION} has the value null for this event"
        raise BodyError(msg)
    try:
        text = json.dumps(
            found, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        msg = f"the value of {BODY_EXPRESSION} is not JSON"
        raise BodyError(msg) from error
