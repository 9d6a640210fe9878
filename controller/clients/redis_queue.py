"""Messages in a Redis list, each at most once.

The library is imported at the first message: without a target that uses Redis it need
not be installed.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from controller.core.values.redact import redact
from controller.core.webhooks.answers import Answer, Queued, Unanswered

if TYPE_CHECKING:
    from redis.asyncio import Redis

_CONNECT_SECONDS = 5.0
# Longer than the attempts at one delivery: about three days by default.
_REMEMBERED_SECONDS = 7 * 24 * 3600
_NOT_INSTALLED = (
    "the Redis client is not installed: run `pip install 'hokusai-controller[redis]'`"
)
# One script is one step for all other clients. Redis does not undo the commands before
# one that fails, so the mark comes after the push.
_PUSH = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('SET', KEYS[1], '1', 'EX', ARGV[4])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message for the consumers of a list, and for the subscribers of a channel.

    Attributes:
        id: Identity: a message with the same id is pushed once.
        queue: Key of the list.
        channel: Name of the channel.
        envelope: Element of the list.
        payload: Message in the channel.
    """

    id: str
    queue: str
    channel: str
    envelope: bytes
    payload: bytes


class RedisQueue:
    """Connections to Redis, created, used and closed in one event loop.

    Args:
        ca_file: PEM file with the trusted certificates; None for those of the machine.
    """

    def __init__(self, *, ca_file: str | None = None) -> None:
        self._tls: dict[str, Any] = {"ssl_ca_certs": ca_file} if ca_file else {}
        self._clients: dict[str, tuple[str, Redis]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def push(
        self, url: str, token: str, message: QueueMessage, within: float
    ) -> Answer:
        """Push ``message`` and publish it, unless the queue had it from an earlier call.

        Never raises for a failure of the network or of Redis. Safe to repeat for a week.

        Args:
            url: Server, as in ``rediss://cache.example.com:6379/0``.
            token: Password; empty for none.
            message: Message.
            within: Seconds until the call is given up.
        """
        try:
            from redis.exceptions import RedisError, ResponseError
        except ImportError:
            return Unanswered(_NOT_INSTALLED)
        is_sent = False
        try:
            async with asyncio.timeout(within):
                client = await self._client(url, token)
                # A connection that is broken fails here, before the message is sent.
                await client.ping()
                is_sent = True
                return Queued(bool(await _push(client, message)))
        except ResponseError as error:
            return Unanswered(redact(f"Redis answered: {error}", (token,)))
        except TimeoutError:
            return Unanswered(f"no answer within {within:g} s", is_sent)
        except (RedisError, OSError) as error:
            reason = redact(f"{type(error).__name__}: {error}", (token,))
            return Unanswered(reason, is_sent)

    async def close(self) -> None:
        """Close the connections."""
        clients = [client for _, client in self._clients.values()]
        self._clients.clear()
        for client in clients:
            await client.aclose()

    async def _client(self, url: str, token: str) -> "Redis":
        known = self._clients.get(url)
        if known is not None and known[0] == token:
            return known[1]
        client = _connected(url, token, self._tls)
        self._clients[url] = token, client
        if known is not None:
            await known[1].aclose()
        return client


async def _push(client: "Redis", message: QueueMessage) -> Any:
    # The braces put the mark into the slot of the list, which a cluster requires.
    mark = f"{{{message.queue}}}:sent:{message.id}"
    return await client.eval(
        _PUSH,
        2,
        mark,
        message.queue,
        message.envelope,
        message.channel,
        message.payload,
        _REMEMBERED_SECONDS,
    )


def _connected(url: str, token: str, tls: dict[str, Any]) -> "Redis":
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis.from_url(
        url,
        password=token or None,
        socket_connect_timeout=_CONNECT_SECONDS,
        # The outbox retries, with the outcome of each attempt on record.
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **(tls if url.startswith("rediss:") else {}),
    )
