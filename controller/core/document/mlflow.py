"""Use of MLflow: its static prefix, and the detection of registrations."""

from typing import Annotated

from pydantic import Field

from controller.core.document.fields import Section, Span, Text
from controller.core.document.reference import SecretReference
from controller.core.document.webhook_url import WebhookUrl

Prefix = Annotated[
    str,
    Text(
        r"(?:/[A-Za-z0-9._~-]+)+",
        "a path that starts with / and does not end with it, as in /mlflow",
    ),
]


class HintSpec(Section):
    """A webhook of MLflow that reports registrations to the controller."""

    url: WebhookUrl = Field(
        description="URL at which MLflow reaches the controller's port; the path of the "
        "controller is /hints/mlflow.",
        examples=["http://controller.hokusai-development.local:8002/hints/mlflow"],
    )
    secret: SecretReference = Field(
        description="Secret that signs the requests; the controller hands it to MLflow.",
        examples=[{"env": "MLFLOW_HINT_SECRET"}],
    )


class MlflowSection(Section):
    """Use of MLflow."""

    prefix: Prefix = Field(
        default="",
        description="Value of `mlflow server --static-prefix`, for the endpoint "
        "`mlflow`; in MLFLOW_TRACKING_URI it is part of the URL.",
        examples=["/mlflow"],
    )
    poll: Annotated[int, Span(1, 86_400)] = Field(
        default=10,
        description="Time between two polls of recent registrations, which start a pass.",
        examples=["10s"],
    )
    hint: HintSpec | None = Field(
        default=None,
        description="Webhook of MLflow that starts a pass after a registration. The "
        "controller creates it and keeps it in place.",
    )
