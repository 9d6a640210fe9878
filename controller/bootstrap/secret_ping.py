"""Pings to a declared target that chosen keys sign."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from controller.core.webhooks.ping import PingRequest, ping_request

if TYPE_CHECKING:
    from controller.bootstrap.deliveries import DeclaredTargets
    from controller.core.clock import Clock
    from controller.core.document.reference import SecretReference
    from controller.core.webhooks.answers import Answer
    from controller.core.webhooks.target_secrets import TargetSecrets
    from controller.engine.dispatcher import WebhookTarget
    from controller.resolver.consumer import ConsumerResolver
    from controller.settings import Settings


class SecretPings:
    """Sends pings that only one version of a secret signs.

    Args:
        declared: Returns the targets and their keys.
        names: Returns a resolver that deliveries use.
        settings: Ports of this process, to which nothing is sent.
        clock: Clock.
    """

    def __init__(
        self,
        declared: Callable[[], DeclaredTargets],
        names: Callable[[], ConsumerResolver],
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._declared = declared
        self._names = names
        self._settings = settings
        self._clock = clock

    def __call__(self, target: str, reference: SecretReference, version: str) -> Answer:
        """Send one ping from a thread without an event loop; see ``SecretPing``."""
        declared = self._declared()
        key = declared.key_of_version(reference, version)
        secrets = replace(declared.secrets_of(target), keys=(key,))
        to = declared.targets()[target]
        request = ping_request(
            target, secrets.keys, self._clock.now(), to.scheme, to.header_aliases
        )
        return posted_ping(
            to, request, secrets, self._names(), self._settings, self._clock
        )


def posted_ping(
    target: WebhookTarget,
    request: PingRequest,
    secrets: TargetSecrets,
    names: ConsumerResolver,
    settings: Settings,
    clock: Clock,
) -> Answer:
    """Return the answer of ``target`` to ``request``; failures are answers too."""
    # Few commands need an HTTP client, which takes long to import.
    from controller.clients.webhook import Sender
    from controller.resolver.aio import AddressResolver

    own_ports = settings.own_ports

    async def post() -> Answer:
        resolver = AddressResolver(names)
        async with Sender(clock, resolver=resolver, own_ports=own_ports) as sender:
            return await sender.send(
                target.url,
                {**request.headers, **secrets.headers},
                request.body,
                target.timeout,
                target.permitted,
                secrets.certificate,
            )

    return asyncio.run(post())
