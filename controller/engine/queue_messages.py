"""Transport of deliveries to the Redis queue."""

from typing import Protocol

from controller.clients.redis_queue import QueueMessage
from controller.core.webhooks.answers import Answer
from controller.core.webhooks.redis_message import CHANNEL, QUEUE, published_payload
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.engine.dispatcher import WebhookTarget
from controller.store.attempts import OutboxDelivery, SendAttempt


class Queueing(Protocol):
    """Client for Redis; see ``clients.redis_queue.RedisQueue``."""

    async def push(
        self, url: str, token: str, message: QueueMessage, within: float
    ) -> Answer:
        """Push ``message``; failures are results, not exceptions."""
        ...


class QueueMessages:
    """Transport that pushes each event once, under its id.

    Args:
        queue: Client for Redis.
    """

    def __init__(self, queue: Queueing) -> None:
        self._queue = queue

    async def send(
        self,
        delivery: OutboxDelivery,
        _attempt: SendAttempt,
        target: WebhookTarget,
        secrets: TargetSecrets,
    ) -> Answer:
        """Push one delivery; the first key is the token, which may be empty."""
        message = QueueMessage(
            delivery.event_id,
            QUEUE,
            CHANNEL,
            delivery.body,
            published_payload(delivery.body),
        )
        token = secrets.keys[0].decode()
        return await self._queue.push(target.url, token, message, target.timeout)
