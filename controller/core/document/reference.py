"""References to secrets and fallback addresses; they never hold the secret itself."""

import re
from typing import Annotated, NamedTuple, Self

from pydantic import ConfigDict, Field, model_validator

from controller.core.document.fields import (
    EnvironmentName,
    Flag,
    Section,
    Text,
    fields_set,
    one_of,
    reject,
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
    """Part of a secret in Secrets Manager; "" is the default."""

    name: str
    json_key: str = ""
    stage: str = ""
    version: str = ""


class SecretReference(Section):
    """Location of a secret: the environment, Secrets Manager or SSM."""

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
        if len(fields_set(self, "env", "secretsmanager", "ssm")) != 1:
            reject(
                "must name exactly one location of the secret",
                "write one of env, secretsmanager and ssm",
            )
        return self

    @property
    def store(self) -> str:
        """Store of the secret: ``env``, ``secretsmanager`` or ``ssm``."""
        return fields_set(self, "env", "secretsmanager", "ssm")[0]

    @property
    def name(self) -> str:
        """Name in the store, as written."""
        return self.env or self.secretsmanager or self.ssm or ""

    @property
    def secret(self) -> SecretPart:
        """The parts of a Secrets Manager reference.

        Raises:
            ValueError: the secret is in another store.
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
    """Location to which an address is published, for readers without DNS."""

    ssm: ParameterPath = Field(
        description="SSM parameter that holds the last good addresses, separated by "
        "commas.",
        examples=["/hokusai/development/mlflow/fallback-ip"],
    )
    restart_readers: Flag = Field(
        default=False,
        description="True to restart a service whose tasks hold only published addresses "
        "that no longer answer. Default: such a service is reported.",
    )


class FallbackReference(Section):
    """Fallback address for DNS failures, and the location to publish it to."""

    env: EnvironmentName = Field(
        description="Environment variable that may hold the address.",
        examples=["MLFLOW_FALLBACK_IP"],
    )
    publish: Publication | None = Field(
        default=None, description="Location to publish the last good addresses to."
    )

    def __str__(self) -> str:
        return f"env:{self.env}"
