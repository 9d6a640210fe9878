"""AWS through boto3; botocore alone where start-up time counts."""

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
# How ECS says that it is asked too often.
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "RequestLimitExceeded"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair given outright, as the local platform does."""

    access_key: str
    secret_key: str = field(repr=False)


class BotoAws:
    """The real AWS, or whatever answers at ``endpoint_url``.

    Reads are tried up to three times here. Writes are sent once: what a lost
    answer means is decided by whoever recorded the intent.

    Args:
        region: Where every call goes.
        endpoint_url: Another address for all services, as the local platform's.
        profile: Of the shared AWS configuration; None for the default.
        role_arn: A role to assume first, with credentials renewed as needed.
        credentials: Given outright; None to look where AWS's tools look.
        light: Leave boto3 out: a command that ends at once starts 0.1 s sooner.
        read_timeout: Seconds to wait for an answer.
        limiter: Asked before each request to ECS, repeated ones too.
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
        """Return the answer to ``operation``; see ``Aws``."""
        from botocore import xform_name

        from controller.clients.aws.errors import FOREIGN, translated

        try:
            client = self._client(service, is_write(operation))
            answer = getattr(client, xform_name(operation))(**parameters)
        except FOREIGN as error:
            raise translated(error, service, operation, parameters) from error
        answer.pop("ResponseMetadata", None)
        return dict(answer)

    def close(self) -> None:
        """Close the connections; calls after this open them anew."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _client(self, service: str, writing: bool) -> Any:
        """Return the one client of ``service`` for reads, or for writes.

        Making clients is not thread-safe in botocore; using them is.
        """
        with self._lock:
            client = self._clients.get((service, writing))
            if client is None:
                if self._create is None:
                    self._create = self._factory()
                client = self._create(service, config=self._config(writing))
                if self._limiter is not None:
                    _keep_to(self._limiter, client.meta.events)
                self._clients[service, writing] = client
            return client

    def _factory(self) -> Any:
        """Return what makes clients, once the session has its credentials."""
        from botocore.session import Session

        from controller.clients.aws.descriptions import loader

        session = Session(profile=self._profile)
        data_path = session.get_config_variable("data_path")
        session.register_component("data_loader", loader(data_path))
        if self._credentials is not None:
            session.set_credentials(
                self._credentials.access_key, self._credentials.secret_key
            )
        where = {"region_name": self._region, "endpoint_url": self._endpoint_url}
        if self._role_arn is not None:
            _assume(session, self._role_arn, where)
        if self._light:
            return partial(session.create_client, **where)
        import boto3

        return partial(boto3.Session(botocore_session=session).client, **where)

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


def _keep_to(limiter: Limiter, events: Any) -> None:
    """Have ``limiter`` asked before each request to ECS, and told what came of it.

    botocore repeats reads by itself; only its events show every request. Both come
    in the thread that sends it.
    """
    under_way = threading.local()

    def before(event_name: str, **_: Any) -> None:
        under_way.permit = limiter.wait(event_name.rpartition(".")[2])

    def after(event_name: str, parsed_response: Any = None, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        limiter.answered(operation, under_way.permit, _answer(parsed_response))

    events.register("before-send.ecs", before)
    events.register("response-received.ecs", after)


def _answer(response: Any) -> CallResult:
    """Return whether the rate allowed a request; a server that failed says nothing."""
    if response is None:
        return CallResult.UNKNOWN
    if response.get("Error", {}).get("Code") in _THROTTLED:
        return CallResult.REFUSED
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return CallResult.UNKNOWN if status >= _SERVER_FAULT else CallResult.ADMITTED


def _assume(session: Any, role_arn: str, where: dict[str, Any]) -> None:
    """Let ``session`` act as ``role_arn``, fetching credentials when first needed."""
    from botocore.credentials import (
        AssumeRoleCredentialFetcher,
        DeferredRefreshableCredentials,
    )

    def create(service: str, **parameters: Any) -> Any:
        return session.create_client(service, **{**where, **parameters})

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=create,
        source_credentials=session.get_credentials(),
        role_arn=role_arn,
        extra_args={"RoleSessionName": "hokusai-controller"},
    )
    # botocore offers no public way to replace a session's credentials by
    # refreshable ones.
    session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
