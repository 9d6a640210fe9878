"""Transport of deliveries over HTTP: signed requests."""

from collections.abc import Mapping
from typing import Protocol

from controller.core.clock import Clock
from controller.core.values.identity import derived_uuid
from controller.core.webhooks.address_policy import AddressPolicy
from controller.core.webhooks.answers import Answer
from controller.core.webhooks.payload_profile import content_type
from controller.core.webhooks.signature import (
    DEFAULT_SCHEME,
    WITH_NONCE,
    SignatureScheme,
    hokusai_headers,
    standard_headers,
    with_aliases,
)
from controller.core.webhooks.target_secrets import (
    ClientCertificate,
    TargetSecrets,
)
from controller.engine.dispatcher import WebhookTarget
from controller.store.attempts import OutboxDelivery, SendAttempt

_USER_AGENT = "hokusai-controller"


class Sending(Protocol):
    """HTTP client for webhooks; see ``clients.webhook.Sender``."""

    async def send(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        within: float,
        permitted: AddressPolicy,
        certificate: ClientCertificate | None = None,
    ) -> Answer:
        """Post ``body``; network and receiver failures are results, not exceptions."""
        ...


class SignedRequests:
    """Transport of webhooks: signed requests over HTTP.

    Args:
        sender: HTTP client.
        clock: Clock for the signatures.
    """

    def __init__(self, sender: Sending, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock

    async def send(
        self,
        delivery: OutboxDelivery,
        attempt: SendAttempt,
        target: WebhookTarget,
        secrets: TargetSecrets,
    ) -> Answer:
        """Sign and post one delivery."""
        keys = secrets.keys
        headers = _headers(delivery, attempt, keys, self._clock, target.scheme)
        headers = with_aliases(headers, target.header_aliases)
        return await self._sender.send(
            target.url,
            {**headers, **secrets.headers},
            delivery.body,
            target.timeout,
            target.permitted,
            secrets.certificate,
        )


def _headers(
    delivery: OutboxDelivery,
    attempt: SendAttempt,
    keys: tuple[bytes, ...],
    clock: Clock,
    scheme: SignatureScheme = DEFAULT_SCHEME,
) -> dict[str, str]:
    now, body = clock.now(), delivery.body
    nonce = ""
    if scheme == WITH_NONCE:
        number = str(attempt.number)
        nonce = str(derived_uuid(delivery.event_id, delivery.target, number))
    headers = {
        "Content-Type": content_type(delivery.profile),
        "User-Agent": _USER_AGENT,
        **hokusai_headers(scheme, keys[0], now, nonce, body),
        "X-Hokusai-Idempotency-Key": delivery.event_id,
        "X-Hokusai-Event": delivery.type,
        "X-Hokusai-Attempt": str(attempt.number),
        **standard_headers(delivery.event_id, now, body, keys),
    }
    if attempt.possible_duplicate:
        headers["X-Hokusai-Possible-Duplicate"] = "true"
    return headers
