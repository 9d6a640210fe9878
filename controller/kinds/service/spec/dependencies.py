"""Declared dependencies of a service: variables, connections, certificates."""

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
from controller.kinds.service.spec.environment import TYPES, ExpectedType, parsed_type

RequiredName = Annotated[
    str,
    Text(
        r"[A-Za-z_][A-Za-z0-9_]*(?:\|[A-Za-z_][A-Za-z0-9_]*)*",
        "the name of an environment variable, or several separated by |",
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
    """Validation rule for a type expression such as ``url(http, https)``."""

    def check(self, value: str) -> str:
        """Return ``value`` if it is a type expression."""
        if parsed_type(value) is None:
            reject("is not a type", f"write {TYPES}")
        return value


ValueType = Annotated[
    str,
    _TypeRule(
        r"\s*(?:any|int|bool|port|host|host in namespace|(?:url|enum)\([^()]+\))\s*",
        "a type",
    ),
]
Requires = dict[RequiredName, ValueType]


class ConnectSpec(Section):
    """A network dependency of the service."""

    model_config = ConfigDict(
        json_schema_extra=one_of("to", "redis", "database", "bucket")
    )

    to: ServiceAddress | None = Field(
        default=None,
        description="Declared service. A rollout does not wait for it.",
        examples=["service/mlflow"],
    )
    redis: BackendId | None = Field(
        default=None,
        description="Id of an ElastiCache cluster or replication group.",
        examples=["hokusai-redis-development"],
    )
    database: BackendId | None = Field(
        default=None,
        description="Id of an RDS instance.",
        examples=["hokusai-mlflow-development"],
    )
    bucket: BucketName | None = Field(
        default=None,
        description="S3 bucket that the task role reads and writes.",
        examples=["hokusai-mlflow-artifacts-development"],
    )
    port: Port | None = Field(
        default=None,
        description="Port. Default: the port of the service, cache or database.",
        examples=[5432],
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(fields_set(self, "to", "redis", "database", "bucket")) != 1:
            hint = "write one of to, redis, database and bucket"
            reject("must have exactly one target", hint)
        if self.bucket and self.port:
            reject("does not apply to a bucket", "leave it out", "port")
        return self

    @property
    def target(self) -> ResourceId | None:
        """The declared service that this connects to; None if it is not a service."""
        return ResourceId("service", self.to.partition("/")[2]) if self.to else None


class TlsSpec(Section):
    """Client and server certificates of a service, by the names of their secrets."""

    client: Flag = Field(
        default=False,
        description="If true, the service presents a certificate to servers it calls.",
    )
    server: Flag = Field(
        default=False,
        description="If true, the service presents a certificate to its callers.",
    )
    authority: EnvironmentName = Field(
        default="MLFLOW_CA_CERT",
        description="Secret with the certificate authority that the service trusts.",
    )
    client_certificate: EnvironmentName = Field(
        default="MLFLOW_CLIENT_CERT",
        description="Secret with the client certificate.",
    )
    client_key: EnvironmentName = Field(
        default="MLFLOW_CLIENT_KEY", description="Secret with the client key."
    )
    server_certificate: EnvironmentName = Field(
        default="MLFLOW_SERVER_CERT",
        description="Secret with the server certificate.",
    )
    server_key: EnvironmentName = Field(
        default="MLFLOW_SERVER_KEY", description="Secret with the server key."
    )


class DependencyDeclaration(Section):
    """The fields of a service that declare its dependencies."""

    requires: Requires = Field(
        default_factory=dict,
        description="Environment variables that must be set, with the types of their "
        "values. In A|B, one of the two is enough.",
        examples=[{"MLFLOW_TRACKING_URI": "url(http, https)", "DB_PORT": "int"}],
    )
    connects: tuple[ConnectSpec, ...] = Field(
        default=(), description="Network dependencies, checked before a rollout."
    )
    tls: TlsSpec = Field(
        default=TlsSpec(), description="Certificates that the service uses."
    )
    authenticates: Flag = Field(
        default=False, description="If true, the service authenticates its callers."
    )


def names_of(key: str) -> tuple[str, ...]:
    """Return the alternatives of a requirement such as ``DB_HOST|DATABASE_HOST``."""
    return tuple(key.split("|"))


def type_of(text: str) -> ExpectedType:
    """Return the type of a validated type expression."""
    return parsed_type(text) or ExpectedType("any")
