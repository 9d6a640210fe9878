"""Connection of training code to MLflow."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mlflow
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from controller.core.models.logged_models import LoggedModel
from controller.registry.entries import RegistryError

_PAGE = 1_000
# Variables of a key, in the order of their use.
_KEYS = ("MLFLOW_TRACKING_TOKEN", "HOKUSAI_API_KEY")


def connected(tracking_uri: str | None, api_key: str | None) -> MlflowClient:
    """Return a client of the MLflow server at ``tracking_uri``.

    MLflow's client reads its bearer token from the environment at each request, so the
    key is put there, for this process.

    Args:
        tracking_uri: URL of the server or of its proxy; None for MLFLOW_TRACKING_URI.
        api_key: Key; None for MLFLOW_TRACKING_TOKEN, else HOKUSAI_API_KEY.

    Raises:
        RegistryError: There is no URL.
    """
    uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        msg = "set MLFLOW_TRACKING_URI, or pass tracking_uri, as in http://mlflow:5000"
        raise RegistryError(msg)
    key = api_key or next(filter(None, map(os.environ.get, _KEYS)), "")
    if key:
        os.environ["MLFLOW_TRACKING_TOKEN"] = key.strip()
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def pages(search: Callable[..., Any], **arguments: Any) -> Iterator[Any]:
    """Yield every item of a search of MLflow's client.

    Args:
        search: Method of the client that returns one page.
        arguments: Further arguments of ``search``.
    """
    token: str | None = None
    while True:
        page = search(max_results=_PAGE, page_token=token, **arguments)
        yield from page
        token = page.token
        if not token:
            return


def logged_model_of(found: Any) -> LoggedModel:
    """Return the logged model that MLflow's client found."""
    return LoggedModel(
        found.model_id,
        found.source_run_id or "",
        int(found.creation_timestamp or 0),
        found.status == LoggedModelStatus.READY,
    )


@contextmanager
def reported(action: str) -> Iterator[None]:
    """Raise errors of MLflow as RegistryError, with ``action`` in the message."""
    try:
        yield
    except MlflowException as error:
        msg = f"{action} failed: {error.error_code}: {error.message}"
        raise RegistryError(msg) from error
