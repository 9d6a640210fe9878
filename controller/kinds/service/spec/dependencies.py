"""What a service says of its surroundings, beside what it is."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from controller.core.document.fields import (
    EnvironmentName,
    Flag,
    Port,
    Section,
    Text,
    fields_set,
    one_of,
    reject,
)
from controller.core.document.resource import ResourceId
from controller.kinds.service.spec.environment import TYPES, ExpectedType, wanted

RequiredName = Annotated[
    str,
    Text(
        r"[A-Za-z_][A-Za-z0-9_]*(?:\|[A-Za-z_][A-Za-z0-9_]*)*",
        "the name of an environment variable, or several with | between",
    ),
]
ServiceAddress = Annotated[
    str, Text(r"services?/[a-z0-9][a-z0-9_-]*", "a service, as in service/mlflow", 80)
]
BackendId = Annotated[
    str,
    Text("[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?", "letters, digits and -", 63),
]
BucketName = Annotated[
    str,
    Text(
        "[a-z0-9][a-z0-9.-]+[a-z0-9]", "a bucket: lower-case letters, digits, . -", 63
    ),
]
REDIS_PORT, POSTGRES_PORT = 6379, 5432


class _TypeRule(Text):
    """The rule for the type of a value."""

    def check(self, value: str) -> str:
        """Return ``value`` if it names a type."""
        if wanted(value) is None:
            reject("is not a type of value", f"write {TYPES}")
        return value


ValueType = Annotated[
    str,
    _TypeRule(
        r"\s*(?:any|int|bool|port|host|host in namespace|(?:url|enum)\([^()]+\))\s*",
        "a type of value",
    ),
]
Requires = dict[RequiredName, ValueType]


class ConnectSpec(Section):
    """Something on the network that the service cannot do without."""

    model_config = ConfigDict(
        json_schema_extra=one_of("to", "redis", "database", "bucket")
    )

    to: ServiceAddress | None = Field(
        default=None,
        description="A declared service. Its rollout is not waited for.",
        examples=["service/mlflow"],
    )
    redis: BackendId | None = Field(
        default=None,
        description="An ElastiCache cluster or replication group, by its id.",
        examples=["hokusai-redis-development"],
    )
    database: BackendId | None = Field(
        default=None,
        description="An RDS instance, by its id.",
        examples=["hokusai-mlflow-development"],
    )
    bucket: BucketName | None = Field(
        default=None,
        description="An S3 bucket that the task role reads and writes.",
        examples=["hokusai-mlflow-artifacts-development"],
    )
    port: Port | None = Field(
        default=None,
        description="The port; the other side's own, unless given.",
        examples=[5432],
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(fields_set(self, "to", "redis", "database", "bucket")) != 1:
            hint = "write one of to, redis, database and bucket"
            reject("must name one other side", hint)
        if self.bucket and self.port:
            reject("is not chosen for a bucket", "leave it out", "port")
        return self

    @property
    def target(self) -> ResourceId | None:
        """The declared service on the other side, if it is one."""
        return ResourceId("service", self.to.partition("/")[2]) if self.to else None


class TlsSpec(Section):
    """The certificates of a service that proves who it is."""

    client: Flag = Field(
        default=False,
        description="Whether it shows a certificate to the servers it calls.",
    )
    server: Flag = Field(
        default=False,
        description="Whether it shows a certificate to its callers.",
    )
    authority: EnvironmentName = Field(
        default="MLFLOW_CA_CERT",
        description="The secret that holds the certificate authority it trusts.",
    )
    client_certificate: EnvironmentName = Field(
        default="MLFLOW_CLIENT_CERT",
        description="The secret that holds the certificate shown to servers.",
    )
    client_key: EnvironmentName = Field(
        default="MLFLOW_CLIENT_KEY", description="The secret that holds its key."
    )
    server_certificate: EnvironmentName = Field(
        default="MLFLOW_SERVER_CERT",
        description="The secret that holds the certificate shown to callers.",
    )
    server_key: EnvironmentName = Field(
        default="MLFLOW_SERVER_KEY", description="The secret that holds its key."
    )


class DependencyDeclaration(Section):
    """The fields of a service that say what it rests on."""

    requires: Requires = Field(
        default_factory=dict,
        description="Environment variables that must be set, and what their values "
        "may be; | stands between names of which one is enough.",
        examples=[{"MLFLOW_TRACKING_URI": "url(http, https)", "DB_PORT": "int"}],
    )
    connects: tuple[ConnectSpec, ...] = Field(
        default=(), description="What it cannot do without on the network."
    )
    tls: TlsSpec = Field(
        default=TlsSpec(), description="The certificates it needs, and shows."
    )
    authenticates: Flag = Field(
        default=False, description="Whether it asks its callers who they are."
    )


def names_of(key: str) -> tuple[str, ...]:
    """Return the names that meet the requirement ``DB_HOST|DATABASE_HOST``."""
    return tuple(key.split("|"))


def type_of(text: str) -> ExpectedType:
    """Return the type that a validated ``text`` names."""
    return wanted(text) or ExpectedType("any")
