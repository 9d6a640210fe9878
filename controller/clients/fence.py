"""Wrappers that refuse writes once the lease is lost.

A process that was suspended continues in the middle of an action. The store rejects a
former holder's token; AWS and MLflow cannot, so each write checks the lease before it
is sent. A request that was already sent cannot be recalled.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from controller.clients.aws import is_write
from controller.clients.mlflow.rest import MlflowRest, is_write_request
from controller.core.dependencies import Aws
from controller.core.errors import PermanentError

Permitted: TypeAlias = Callable[[], bool]


class FencedAws:
    """AWS client that sends writes only while they are permitted."""

    def __init__(self, inner: Aws, permitted: Permitted) -> None:
        self._inner = inner
        self._permitted = permitted

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return the response of the inner client; see ``Aws``."""
        if is_write(operation):
            _check(self._permitted, f"{service}:{operation}")
        return self._inner.call(service, operation, **parameters)


class FencedRest(MlflowRest):
    """MLflow client that sends writes only while they are permitted."""

    def __init__(self, inner: MlflowRest, permitted: Permitted) -> None:
        self._inner = inner
        self._permitted = permitted

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> dict[str, Any]:
        """Return the response to ``method`` on ``path``; see ``MlflowRest``."""
        if is_write_request(method, path):
            _check(self._permitted, f"mlflow {method} {path}")
        return self._inner.request(method, path, body=body, params=params)

    def text(self, path: str, params: Mapping[str, str | int]) -> str:
        """Return the text of a file; see ``MlflowRest``."""
        return self._inner.text(path, params)


def _check(permitted: Permitted, call: str) -> None:
    if not permitted():
        msg = f"{call} was not sent: another controller may hold the lease"
        raise PermanentError(msg)
