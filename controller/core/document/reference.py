"""Where a secret is kept. A reference never holds the secret itself."""

import re
from typing import Annotated, NamedTuple, Self

from pydantic import ConfigDict, Field, model_validator

from controller.core.document.fields import (
    EnvironmentName,
    Section,
    Text,
    given,
    one_of,
    refuse,
)

_ARN = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:"
_SECRET = rf"(?:{_ARN})?[A-Za-z0-9/_+=.@-]+(?::[^:\s]*){{0,3}}"

SecretName = Annotated[
    str,
    Text(
        _SECRET,
        "a secret's name or ARN, then :json-key, :stage and :version as needed",
        longest=1024,
    ),
]
ParameterPath = Annotated[
    str,
    Text(
        r"(?:/[A-Za-z0-9_.-]+){1,15}",
        "a parameter's full path, as in /hokusai/development/database/url",
        longest=1011,
    ),
]


class SecretPart(NamedTuple):
    """What of a secret in Secrets Manager is meant; "" is the default."""

    name: str
    json_key: str = ""
    stage: str = ""
    version: str = ""


class SecretReference(Section):
    """Where a secret is kept: in the environment, Secrets Manager or SSM."""

    model_config = ConfigDict(
        json_schema_extra=one_of("env", "secretsmanager", "ssm"),
    )

    env: EnvironmentName | None = Field(
        default=None,
        description="An environment variable of the controller that holds the secret.",
        examples=["WEBHOOK_SECRET"],
    )
    secretsmanager: SecretName | None = Field(
        default=None,
        description="A secret in Secrets Manager: name[:json-key[:stage[:version]]].",
        examples=["hokusai/app-secrets/development:database_password"],
    )
    ssm: ParameterPath | None = Field(
        default=None,
        description="A parameter in the SSM parameter store, by its full path.",
        examples=["/hokusai/development/database/url"],
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(given(self, "env", "secretsmanager", "ssm")) != 1:
            refuse(
                "must name one place where the secret is kept",
                "write one of env, secretsmanager and ssm",
            )
        return self

    @property
    def store(self) -> str:
        """Which store is meant: ``env``, ``secretsmanager`` or ``ssm``."""
        return given(self, "env", "secretsmanager", "ssm")[0]

    @property
    def name(self) -> str:
        """What is asked of the store, as it was written."""
        return self.env or self.secretsmanager or self.ssm or ""

    @property
    def secret(self) -> SecretPart:
        """The parts of a Secrets Manager reference.

        Raises:
            ValueError: the secret is kept elsewhere.
        """
        if self.secretsmanager is None:
            msg = f"{self} is not in Secrets Manager"
            raise ValueError(msg)
        arn = re.match(_ARN, self.secretsmanager)
        start = arn.end() if arn else 0
        name, *rest = self.secretsmanager[start:].split(":")
        return SecretPart(self.secretsmanager[:start] + name, *rest)

    def __str__(self) -> str:
        return f"{self.store}:{self.name}"


class Publication(Section):
    """Where an address is written for those who cannot ask DNS."""

    ssm: ParameterPath = Field(
        description="The SSM parameter that is kept equal to the address.",
        examples=["/hokusai/development/mlflow/fallback-ip"],
    )


class FallbackReference(Section):
    """Where an address is found when DNS fails, and where it is written."""

    env: EnvironmentName = Field(
        description="The environment variable that may hold the address.",
        examples=["MLFLOW_FALLBACK_IP"],
    )
    publish: Publication | None = Field(
        default=None, description="Where the last good address is published."
    )

    def __str__(self) -> str:
        return f"env:{self.env}"
