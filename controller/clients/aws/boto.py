"""AWS through boto3, or through botocore alone where start-up time matters."""

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from controller.clients.aws.calls import is_write
from controller.clients.aws.limiter import Limiter
from controller.core.rates.adaptive_rate import CallResult

_CONNECT_SECONDS = 3
_READ_SECONDS = 20
_CONNECTIONS = 16
_READ_ATTEMPTS = 3
_SERVER_FAULT = 500
# Error codes with which ECS throttles.
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "RequestLimitExceeded"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """Explicit key pair, as the local platform uses."""

    access_key: str
    secret_key: str = field(repr=False)


class BotoAws:
    """Client of AWS, or of the server at ``endpoint_url``.

    Reads are tried up to three times. Writes are sent once: after a lost response,
    only the caller that recorded the intent can decide what to do.

    Args:
        region: Region of every call.
        endpoint_url: Address for all services instead of AWS's own, as on the local
            platform.
        profile: Profile of the shared AWS configuration; None for the default.
        role_arn: Role to assume; its credentials are renewed as needed.
        credentials: Explicit credentials; None for the default credential chain.
        light: True to use botocore without boto3, which saves 0.1 s at start-up.
        read_timeout: Seconds to wait for a response.
        limiter: Rate limiter of all requests to ECS, including repeated ones.
    """

    def __init__(
        self,
        region: str,
        *,
        endpoint_url: str | None = None,
        profile: str | None = None,
        role_arn: str | None = None,
        credentials: Credentials | None = None,
        light: bool = False,
        read_timeout: float = _READ_SECONDS,
        limiter: Limiter | None = None,
    ) -> None:
        self._region = region
        self._endpoint_url = endpoint_url
        self._profile = profile
        self._role_arn = role_arn
        self._credentials = credentials
        self._light = light
        self._read_timeout = read_timeout
        self._limiter = limiter
        self._lock = threading.Lock()
        self._create: Any = None
        self._clients: dict[tuple[str, bool], Any] = {}

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return the response to ``operation``; see ``Aws``."""
        from botocore import xform_name

        from controller.clients.aws.errors import FOREIGN, driver_error

        try:
            client = self._client(service, is_write(operation))
            answer = getattr(client, xform_name(operation))(**parameters)
        except FOREIGN as error:
            raise driver_error(error, service, operation, parameters) from error
        answer.pop("ResponseMetadata", None)
        return dict(answer)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _client(self, service: str, writing: bool) -> Any:
        """Return the shared client of ``service`` for reads, or for writes.

        In botocore, using a client is thread-safe, but creating one is not.
        """
        with self._lock:
            client = self._clients.get((service, writing))
            if client is None:
                if self._create is None:
                    self._create = self._factory()
                client = self._create(service, config=self._config(writing))
                if self._limiter is not None:
                    _limit_requests(self._limiter, client.meta.events)
                self._clients[service, writing] = client
            return client

    def _factory(self) -> Any:
        """Return a function that creates clients with this object's credentials."""
        from botocore.session import Session

        from controller.clients.aws.descriptions import loader

        session = Session(profile=self._profile)
        data_path = session.get_config_variable("data_path")
        session.register_component("data_loader", loader(data_path))
        if self._credentials is not None:
            session.set_credentials(
                self._credentials.access_key, self._credentials.secret_key
            )
        target = {"region_name": self._region, "endpoint_url": self._endpoint_url}
        if self._role_arn is not None:
            _assume(session, self._role_arn, target)
        if self._light:
            return partial(session.create_client, **target)
        import boto3

        return partial(boto3.Session(botocore_session=session).client, **target)

    def _config(self, writing: bool) -> Any:
        from botocore.config import Config

        attempts = 1 if writing else _READ_ATTEMPTS
        return Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=self._read_timeout,
            max_pool_connections=_CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": attempts},
            tcp_keepalive=True,
            user_agent_extra="hokusai-controller",
        )


def _limit_requests(limiter: Limiter, events: Any) -> None:
    """Make each request to ECS wait for ``limiter``, and report its result.

    botocore repeats reads internally; only its events show every request. It emits
    both events of a request in the thread that sends it.
    """
    current = threading.local()

    def before_send(event_name: str, **_: Any) -> None:
        current.permit = limiter.wait(event_name.rpartition(".")[2])

    def response_received(
        event_name: str, parsed_response: Any = None, **_: Any
    ) -> None:
        operation = event_name.rpartition(".")[2]
        limiter.report(operation, current.permit, _call_result(parsed_response))

    events.register("before-send.ecs", before_send)
    events.register("response-received.ecs", response_received)


def _call_result(response: Any) -> CallResult:
    """Return the rate limiter's decision; it is unknown if the server failed."""
    if response is None:
        return CallResult.UNKNOWN
    if response.get("Error", {}).get("Code") in _THROTTLED:
        return CallResult.REFUSED
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return CallResult.UNKNOWN if status >= _SERVER_FAULT else CallResult.ADMITTED


def _assume(session: Any, role_arn: str, target: dict[str, Any]) -> None:
    """Make ``session`` assume ``role_arn`` when credentials are first needed."""
    from botocore.credentials import (
        AssumeRoleCredentialFetcher,
        DeferredRefreshableCredentials,
    )

    def create(service: str, **parameters: Any) -> Any:
        return session.create_client(service, **{**target, **parameters})

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=create,
        source_credentials=session.get_credentials(),
        role_arn=role_arn,
        extra_args={"RoleSessionName": "hokusai-controller"},
    )
    # botocore has no public method that gives a session refreshable credentials.
    session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
