"""What the user asks of an endpoint."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from controller.core.document.fields import Host, Port, Section, Text, Whole, reject
from controller.core.document.reference import FallbackReference, SecretReference
from controller.core.resources.kind import no_references, unchanged_spec

HTTPS_PORT = 443
ANSWERED = tuple(range(200, 400))

UrlPath = Annotated[
    str, Text(r"/[^\s#]*", "a path that starts with /, without #", longest=1024)
]
Status = Annotated[Whole, Field(ge=100, le=599)]


class ProbeSpec(Section):
    """A request that shows whether the endpoint does its work."""

    path: UrlPath = Field(description="What is asked for.", examples=["/health"])
    method: Literal["GET", "POST"] = Field(
        default="GET", description="The method of the request."
    )
    body: str | None = Field(
        default=None,
        max_length=65_536,
        description="What a POST sends, as JSON.",
        examples=['{"max_results": 1}'],
    )
    key: SecretReference | None = Field(
        default=None,
        description="The key that the request carries, as clients do: "
        "Authorization: Bearer.",
        examples=[{"env": "HOKUSAI_PROBE_KEY"}],
    )
    status: tuple[Status, ...] = Field(
        default_factory=lambda: ANSWERED,
        min_length=1,
        description="The answers that mean it works; 200 to 399 unless given.",
        examples=[[200, 308]],
    )

    @model_validator(mode="after")
    def _only_a_post_has_a_body(self) -> Self:
        if self.body is not None and self.method != "POST":
            reject("is sent by POST only", "add method: POST", "body")
        return self


class EndpointSpec(Section):
    """A name and port that others rely on, and how to see that they can."""

    host: Host = Field(
        description="The name to resolve.",
        examples=["mlflow.hokusai-development.local"],
    )
    port: Port = Field(description="The port to connect to.", examples=[5000])
    protocol: Literal["http", "https", "tcp"] = Field(
        default="http", description="What is spoken on the port."
    )
    probe: ProbeSpec | None = Field(
        default=None,
        description="A request that must be answered; a connection, unless given.",
    )
    fallback: FallbackReference | None = Field(
        default=None, description="Where an address is found when DNS fails."
    )

    @model_validator(mode="after")
    def _protocol_fits(self) -> Self:
        if self.port == HTTPS_PORT and self.protocol == "http":
            hint = "write protocol: https, or tcp"
            reject("cannot be http on port 443", hint, "protocol")
        if self.probe and self.probe.key and self.protocol != "https":
            hint = "write protocol: https, or leave the key out"
            reject("would be sent in the clear", hint, "probe.key")
        if self.probe and self.protocol == "tcp":
            hint = "leave the probe out, or write protocol: http"
            reject("needs http or https", hint, "probe")
        return self


references = no_references
complete = unchanged_spec
