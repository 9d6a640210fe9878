"""Transport of deliveries to EventBridge and SQS, in threads of their target."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from controller.core.webhooks.answers import Answer, Unanswered
from controller.core.webhooks.aws_destination import AwsDestination, EventMessage
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.engine.dispatcher import Transport, WebhookTarget
from controller.store.attempts import OutboxDelivery, SendAttempt

# As many as a target has attempts in progress: one that hangs delays no other target.
_THREADS = 64


class Destinations(Protocol):
    """Client for AWS; see ``clients.aws_destinations.AwsDestinations``."""

    def send(self, to: AwsDestination, message: EventMessage) -> Answer:
        """Send ``message``; failures are results, not exceptions."""
        ...


def aws_message(delivery: OutboxDelivery, attempt: SendAttempt) -> EventMessage:
    """Return the message of one attempt at a delivery."""
    return EventMessage(
        delivery.event_id,
        delivery.type,
        delivery.subject,
        delivery.body,
        attempt.number,
        attempt.possible_duplicate,
    )


class AwsMessages:
    """Transport of targets in AWS; other targets are left to ``others``.

    Args:
        destinations: Client for AWS.
        others: Transport of the other targets.
    """

    def __init__(self, destinations: Destinations, others: Transport) -> None:
        self._destinations = destinations
        self._others = others
        self._threads: dict[str, ThreadPoolExecutor] = {}

    async def send(
        self,
        delivery: OutboxDelivery,
        attempt: SendAttempt,
        target: WebhookTarget,
        secrets: TargetSecrets,
    ) -> Answer:
        """Send one delivery within the timeout of its target."""
        to = target.destination
        if to is None:
            return await self._others.send(delivery, attempt, target, secrets)
        message = aws_message(delivery, attempt)
        loop = asyncio.get_running_loop()
        threads = self._threads.get(delivery.target)
        if threads is None:
            threads = self._threads[delivery.target] = ThreadPoolExecutor(
                _THREADS, thread_name_prefix=f"deliveries-{delivery.target}"
            )
        try:
            async with asyncio.timeout(target.timeout):
                return await loop.run_in_executor(
                    threads, self._destinations.send, to, message
                )
        except TimeoutError:
            return Unanswered(f"no answer within {target.timeout:g} s", is_sent=True)
