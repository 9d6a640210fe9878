"""Use of MLflow."""

from typing import Annotated

from pydantic import Field

from controller.core.document.fields import Section, Span, Text

Prefix = Annotated[
    str,
    Text(
        r"(?:/[A-Za-z0-9._~-]+)+",
        "a path that starts with / and does not end with it, as in /mlflow",
    ),
]


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
