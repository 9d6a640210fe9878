"""The AWS client of a document."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from controller.bootstrap.environment import NOT_RUNNING
from controller.clients.aws import (
    BotoAws,
    CountingAws,
    Credentials,
    verify_account,
)
from controller.clients.aws.limiter import Limiter
from controller.clients.aws.retrying import POLICY, RetryingAws
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import RefusedError
from controller.core.rates.retry import RetryPolicy
from controller.settings import Settings
from controller.spec.document import Document

ACCESS_KEY = "AWS_ACCESS_KEY_ID"
SECRET_KEY = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - a variable's name


def aws_client(
    document: Document,
    settings: Settings,
    environ: Mapping[str, str],
    clock: Clock,
    *,
    light: bool = False,
    patience: RetryPolicy = POLICY,
) -> CountingAws:
    """Return a client for the account and region of ``document``; its calls are counted.

    Args:
        document: Document.
        settings: Settings with the endpoint, if it is not AWS's.
        environ: Environment with the credentials of the local platform.
        clock: Clock.
        light: True for a short command: leaves out what is slow to start.
        patience: Retries of calls without an answer.

    Raises:
        RefusedError: The credentials belong to another account or region, or the
            document is for the local platform, which does not run.
        DriverError: AWS does not answer.
    """
    platform = document.platform
    endpoint = platform.endpoint or settings.aws_endpoint_url
    if platform.environment == "local" and endpoint is None:
        raise RefusedError(NOT_RUNNING)
    boto = BotoAws(
        platform.region,
        endpoint_url=endpoint,
        profile=platform.profile,
        role_arn=platform.role,
        credentials=None if platform.profile else _credentials(environ),
        light=light,
        limiter=Limiter(clock),
    )
    aws = CountingAws(RetryingAws(boto, clock, patience))
    verify_account(aws, platform.account, platform.region)
    return aws


class DeferredAws:
    """AWS client that is created by its first call. Thread-safe.

    Args:
        create: Returns the client; its errors are raised by the call, and a later call
            tries again.
    """

    def __init__(self, create: Callable[[], Aws]) -> None:
        self._create = create
        self._lock = threading.Lock()
        self._aws: Aws | None = None

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return the response to ``operation``; see ``Aws.call``."""
        with self._lock:
            if self._aws is None:
                self._aws = self._create()
        return self._aws.call(service, operation, **parameters)


def _credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Return the key pair of the local platform; others are found by AWS's rules."""
    if environ.get("ENVIRONMENT") != "local" or "AWS_PROFILE" in environ:
        return None
    access, secret = environ.get(ACCESS_KEY), environ.get(SECRET_KEY)
    return Credentials(access, secret) if access and secret else None
