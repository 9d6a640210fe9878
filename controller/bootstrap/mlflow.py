"""Selection of the MLflow server, and the clients for it."""

from dataclasses import dataclass
from ssl import SSLContext
from urllib.parse import urlsplit

from controller.clients.http import Client, http_client
from controller.clients.mlflow import MlflowApi, MlflowReader
from controller.clients.mlflow.credentials import MlflowCredentials
from controller.core.document.resource import ResourceId
from controller.resolver.names import Names
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
        context: TLS context for MLflow's host; None over plain HTTP.
    """

    api: MlflowApi
    reader: MlflowReader
    http: Client
    context: SSLContext | None = None

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def tracking_uri(document: Document, settings: Settings) -> str | None:
    """Return MLflow's URL: the endpoint ``mlflow``, else MLFLOW_TRACKING_URI."""
    resource = document.resources.get(ENDPOINT)
    if resource is None:
        return settings.mlflow_tracking_uri
    spec = resource.spec
    prefix = document.platform.mlflow_prefix
    return f"{spec.protocol}://{spec.host}:{spec.port}{prefix}"


def connect(uri: str, settings: Settings, names: Names) -> MlflowClients:
    """Return the clients of the MLflow at ``uri``; nothing is sent yet.

    Over plain HTTP each request has its own connection: MLflow with several workers, its
    default, answers 40 ms later on a reused one. Over TLS a new connection costs more.

    Raises:
        RefusedError: Credentials or a certificate file cannot be used.
    """
    keep_alive = urlsplit(uri).scheme == "https"
    known = credentials(settings)
    headers = known.headers()
    context = known.context() if keep_alive else None
    http = http_client(uri, names=names, keep_alive=keep_alive, context=context)
    api = MlflowApi(http, headers)
    return MlflowClients(api, MlflowReader(api), http, context)


def credentials(settings: Settings) -> MlflowCredentials:
    """Return the credentials for MLflow that ``settings`` name."""
    return MlflowCredentials(
        settings.mlflow_tracking_token,
        settings.mlflow_tracking_username,
        settings.mlflow_tracking_password,
        settings.mlflow_server_certificate,
        settings.mlflow_client_certificate,
    )
