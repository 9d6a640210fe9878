"""Class of a proxied request, which decides the limit that it counts for."""

from collections.abc import Collection

from controller.core.access.rate import RequestClass

_ARTIFACTS = "mlflow:artifacts:"
_READ = "mlflow:read"


def request_class_of(scopes: Collection[str]) -> RequestClass:
    """Return the class of requests to a route that requires ``scopes``."""
    if any(scope.startswith(_ARTIFACTS) for scope in scopes):
        return RequestClass.ARTIFACTS
    return RequestClass.MLFLOW_READ if _READ in scopes else RequestClass.MLFLOW_WRITE
