"""Send nothing that writes once the right to write is gone.

A process that was stopped for a while goes on in the middle of an action. The
store can tell an old token from a new one; AWS and MLflow cannot, so that the
sender must ask before each call. What was on its way already cannot be called back.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from controller.clients.aws import is_write
from controller.clients.mlflow.rest import MlflowRest, is_writing
from controller.core.dependencies import Aws
from controller.core.errors import PermanentError

Permitted: TypeAlias = Callable[[], bool]


class FencedAws:
    """Passes on what reads, and what writes while that is permitted."""

    def __init__(self, inner: Aws, permitted: Permitted) -> None:
        self._inner = inner
        self._permitted = permitted

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return what the inner client answers; see ``Aws``."""
        if is_write(operation):
            _check(self._permitted, f"{service}:{operation}")
        return self._inner.call(service, operation, **parameters)


class FencedRest(MlflowRest):
    """Passes on what reads, and what writes while that is permitted."""

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
        """Return the answer to ``method`` on ``path``; see ``MlflowRest``."""
        if is_writing(method, path):
            _check(self._permitted, f"mlflow {method} {path}")
        return self._inner.request(method, path, body=body, params=params)


def _check(permitted: Permitted, call: str) -> None:
    if not permitted():
        msg = f"{call} was not sent: the lease may be somebody else's by now"
        raise PermanentError(msg)
