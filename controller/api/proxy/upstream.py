"""Connections to MLflow: one pool, with this service's credentials."""

import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from controller.core.clock import Clock
from controller.core.proxy.reachability import Reachability
from controller.core.values.redact import redact
from controller.resolver.aio import AddressResolver
from controller.resolver.names import Names

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 3.0
# As MLFLOW_HTTP_REQUEST_TIMEOUT of MLflow's client, its default.
_READ_SECONDS = 120.0
# Shorter than uvicorn's 5 s, so that no request is sent on a connection being closed.
_KEEP_ALIVE_SECONDS = 3.0
_MOST_AT_ONCE = 256
_LONGEST_ANSWER = 4 * 1024 * 1024
# What aiohttp would add to the headers of a caller.
_NOT_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")

Headers = Sequence[tuple[str, str]]
Body = AsyncIterator[bytes] | bytes | None


class UnreachableError(Exception):
    """The request was not sent: MLflow cannot be reached, or has too many requests."""


class UnansweredError(Exception):
    """The request was sent and may have had an effect, but has no complete answer.

    Attributes:
        is_timeout: True if MLflow did not answer in time.
    """

    def __init__(self, message: str, *, is_timeout: bool = False) -> None:
        super().__init__(message)
        self.is_timeout = is_timeout


class MlflowUpstream:
    """The MLflow server behind the proxy.

    Connections are opened in the event loop of the first request; call ``close`` in it.

    Args:
        url: URL of the server, with its path prefix.
        credentials: Header with this service's credentials; empty without any.
        names: Resolver of the host.
        clock: Clock.
        context: TLS context; None for the authorities of the machine.
        patience: Seconds to connect, name resolution included, and to wait for each
            part of an answer.
    """

    def __init__(
        self,
        url: str,
        credentials: Mapping[bytes, bytes],
        names: Names,
        clock: Clock,
        context: SSLContext | None = None,
        patience: tuple[float, float] = (_CONNECT_SECONDS, _READ_SECONDS),
    ) -> None:
        self._base = url.rstrip("/").encode("ascii")
        self._credentials = {
            name.decode(): value.decode() for name, value in credentials.items()
        }
        self._names = names
        self._clock = clock
        self._context = context
        self._connect_seconds, self._read_seconds = patience
        self._reachability = Reachability()
        self._at_once = 0
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def answer(
        self, method: str, target: bytes, headers: Headers, body: Body = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yield the head of MLflow's answer; its body can then be read.

        Args:
            method: HTTP method.
            target: Path and query, encoded.
            headers: Headers without credentials.
            body: Body; an iterator is sent as it arrives.

        Raises:
            UnreachableError: The request was not sent.
            UnansweredError: The answer did not arrive.
        """
        now = self._clock.monotonic()
        if self._at_once >= _MOST_AT_ONCE or not self._reachability.may_connect(now):
            msg = "MLflow cannot be reached, or has too many requests at once."
            raise UnreachableError(msg)
        self._at_once += 1
        try:
            async with self._request(method, target, headers, body) as response:
                self._record_connection()
                yield response
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._record_failure(error)
            msg = "MLflow cannot be reached."
            raise UnreachableError(msg) from error
        except TimeoutError as error:
            msg = f"MLflow did not answer within {self._read_seconds:.0f} s."
            raise UnansweredError(msg, is_timeout=True) from error
        except (aiohttp.ClientError, OSError) as error:
            msg = "MLflow closed the connection before its answer was complete."
            raise UnansweredError(msg) from error
        finally:
            self._at_once -= 1

    async def found(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the JSON object that MLflow answers to a GET.

        Raises:
            UnreachableError: The request was not sent.
            UnansweredError: The answer is no JSON object, or did not arrive.
        """
        target = URL.build(path=path, query=query).raw_path_qs.encode()
        async with self.answer("GET", target, ()) as response:
            text = await response.content.read(_LONGEST_ANSWER)
            status = response.status
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if status != 200 or not isinstance(value, dict):  # noqa: PLR2004 - HTTP's OK
            msg = f"MLflow answered {status} to a search for equal versions."
            raise UnansweredError(msg)
        return value

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _record_connection(self) -> None:
        if self._reachability.next_attempt is not None:
            log.info("MLflow is reachable again")
        self._reachability.connected()

    def _record_failure(self, error: Exception) -> None:
        if self._reachability.next_attempt is None:
            cause = redact(f"{type(error).__name__}: {error}", ())
            log.warning("MLflow cannot be reached", extra={"cause": cause})
        self._reachability.failed(self._clock.monotonic())

    def _request(
        self, method: str, target: bytes, headers: Headers, body: Body
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        url = URL((self._base + target).decode("ascii"), encoded=True)
        return self._client().request(
            method,
            url,
            headers=[*headers, *self._credentials.items()],
            data=body,
            allow_redirects=False,
        )

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = AddressResolver(self._names)
            # Over plain HTTP an MLflow with several workers answers 40 ms later on a
            # reused connection; see `clients.http`.
            is_tls = urlsplit(self._base).scheme == b"https"
            connector = aiohttp.TCPConnector(
                limit=0,
                resolver=resolver,
                use_dns_cache=False,
                ssl=self._context or True,
                force_close=not is_tls,
                keepalive_timeout=_KEEP_ALIVE_SECONDS if is_tls else None,
            )
            resolver.close_vanished(connector)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_NOT_ADDED,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=self._connect_seconds,
                    sock_connect=self._connect_seconds,
                    sock_read=self._read_seconds,
                ),
            )
        return self._session
