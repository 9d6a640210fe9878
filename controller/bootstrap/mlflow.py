"""Selection of the MLflow server, and the clients for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from controller.clients.http import Client, http_client
from controller.clients.mlflow import MlflowApi, MlflowReader
from controller.core.document.resource import ResourceId
from controller.settings import Settings
from controller.spec.document import Document

ENDPOINT = ResourceId("endpoint", "mlflow")


@dataclass(frozen=True)
class MlflowClients:
    """The one MLflow of the platform.

    Attributes:
        api: For writes, and reads that must be fresh.
        reader: For reads that a pass shares.
        http: What both of them send with.
    """

    api: MlflowApi
    reader: MlflowReader
    http: Client

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def tracking_uri(document: Document, settings: Settings) -> str | None:
    """Return MLflow's URL: the endpoint ``mlflow``, else MLFLOW_TRACKING_URI."""
    resource = document.resources.get(ENDPOINT)
    if resource is None:
        return settings.mlflow_tracking_uri
    spec = resource.spec
    return f"{spec.protocol}://{spec.host}:{spec.port}"


def connect(
    uri: str, settings: Settings, resolve: Callable[[str], Sequence[str]]
) -> MlflowClients:
    """Return the clients of the MLflow at ``uri``; nothing is sent yet.

    Over plain HTTP each request has its own connection: MLflow with several workers, its
    default, answers 40 ms later on a reused one. Over TLS a new connection costs more.
    """
    keep_alive = urlsplit(uri).scheme == "https"
    http = http_client(uri, resolve=resolve, keep_alive=keep_alive)
    token = settings.mlflow_tracking_token
    api = MlflowApi(http, token.reveal() if token else None)
    return MlflowClients(api, MlflowReader(api), http)
