"""Declaration of an endpoint."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from controller.core.document.fields import (
    Flag,
    Host,
    Port,
    Section,
    Span,
    Text,
    Whole,
    reject,
)
from controller.core.document.reference import FallbackReference, SecretReference
from controller.core.document.resource import ResourceId
from controller.core.resources.kind import (
    DocumentConflict,
    DocumentWarning,
    no_references,
    unchanged_spec,
)

HTTPS_PORT = 443
ANSWERED = tuple(range(200, 400))
# Names outside of public DNS: RFC 6762, RFC 6761 and ICANN's reservation of internal.
_PRIVATE = (".local", ".localhost", ".internal", ".test", ".invalid", ".example")

UrlPath = Annotated[
    str, Text(r"/[^\s#]*", "a path that starts with /, without #", longest=1024)
]
_FORTNIGHT = 14 * 86_400
_YEAR = 366 * 86_400
# Paths of changes. The store is local: keeping an address there is no call to AWS.
KEPT = "fallback.kept"
PUBLISHED = "fallback.published"
# Followed by the name of a service that reads the published addresses.
READERS = "readers."

Status = Annotated[Whole, Field(ge=100, le=599)]


class ProbeSpec(Section):
    """A request that checks the endpoint."""

    path: UrlPath = Field(description="Path of the request.", examples=["/health"])
    method: Literal["GET", "POST"] = Field(default="GET", description="HTTP method.")
    body: str | None = Field(
        default=None,
        max_length=65_536,
        description="Body of a POST request, as JSON.",
        examples=['{"max_results": 1}'],
    )
    key: SecretReference | None = Field(
        default=None,
        description="Key that is sent as `Authorization: Bearer`.",
        examples=[{"env": "HOKUSAI_PROBE_KEY"}],
    )
    status: tuple[Status, ...] = Field(
        default_factory=lambda: ANSWERED,
        min_length=1,
        description="Status codes of a successful check. Default: 200 to 399.",
        examples=[[200, 308]],
    )

    @model_validator(mode="after")
    def _only_a_post_has_a_body(self) -> Self:
        if self.body is not None and self.method != "POST":
            reject("is only sent with POST", "add method: POST", "body")
        return self


class EndpointTlsSpec(Section):
    """Requirements for the certificate of the endpoint and its version of TLS."""

    expires_after: Annotated[int, Span(0, _YEAR)] = Field(
        default=_FORTNIGHT,
        description="Time for which the certificate must still be valid. If less is left, "
        "the condition `Certificate` is a warning. Default: 14d.",
        examples=["14d"],
    )
    minimum_version: Literal["1.2", "1.3"] = Field(
        default="1.2", description="Oldest version of TLS that the server may choose."
    )


class EndpointSpec(Section):
    """A host and port that other systems depend on, and the checks of it."""

    host: Host = Field(
        description="Host name to resolve.",
        examples=["mlflow.hokusai-development.local"],
    )
    port: Port = Field(description="Port to connect to.", examples=[5000])
    protocol: Literal["http", "https", "tcp", "tls"] = Field(
        default="http", description="Protocol of the port."
    )
    tls: EndpointTlsSpec | None = Field(
        default=None,
        description="Requirements for the certificate, for protocol https or tls. The "
        "chain, the name and the validity are always checked.",
    )
    probe: ProbeSpec | None = Field(
        default=None,
        description="Request that checks the endpoint. Default: a TCP connection.",
    )
    contract: tuple[ProbeSpec, ...] = Field(
        default=(),
        description="Further requests with the status that the users of the endpoint "
        "expect, with or without a key.",
        examples=[[{"path": "/api/v1/models", "status": [401]}]],
    )
    fallback: FallbackReference | None = Field(
        default=None, description="Source of an address when DNS fails."
    )
    external: Flag = Field(
        default=False,
        description="True if another system serves the host, so that no route of the "
        "document has to.",
    )

    @model_validator(mode="after")
    def _protocol_fits(self) -> Self:
        if self.port == HTTPS_PORT and self.protocol == "http":
            hint = "write protocol: https, or tcp"
            reject("cannot be http on port 443", hint, "protocol")
        if self.tls and self.protocol not in {"https", "tls"}:
            hint = "write protocol: https or tls, or remove tls"
            reject("requires protocol https or tls", hint, "tls")
        for path, probe in self.requests():
            if probe.key and self.protocol != "https":
                hint = "write protocol: https, or remove the key"
                reject("would be sent without encryption", hint, f"{path}.key")
            if self.protocol in {"tcp", "tls"}:
                hint = "remove it, or write protocol: http or https"
                reject("requires protocol http or https", hint, path)
        return self

    def requests(self) -> Iterator[tuple[str, ProbeSpec]]:
        """Yield each declared request with its path in the declaration."""
        if self.probe is not None:
            yield "probe", self.probe
        for index, probe in enumerate(self.contract):
            yield f"contract.{index}", probe

    @property
    def requirements(self) -> EndpointTlsSpec | None:
        """Declared or default requirements for TLS; None for a protocol without it."""
        return (
            self.tls or EndpointTlsSpec() if self.protocol in {"https", "tls"} else None
        )


def public_hosts(spec: EndpointSpec) -> frozenset[str]:
    """Return the host if it is in public DNS and the document has to serve it."""
    host = _host_of(spec)
    is_name = "." in host and not host.rpartition(".")[2].isdecimal()
    is_private = not is_name or host.endswith(_PRIVATE)
    web = spec.protocol in {"http", "https"}
    return frozenset() if is_private or spec.external or not web else frozenset({host})


def published_parameters(spec: EndpointSpec) -> frozenset[str]:
    """Return the SSM parameter that the addresses are published to, if there is one."""
    publish = spec.fallback.publish if spec.fallback else None
    return frozenset({publish.ssm}) if publish else frozenset()


def conflicts(
    specs: Mapping[ResourceId, EndpointSpec],
) -> tuple[DocumentConflict, ...]:
    """Return the fallbacks that two endpoints share.

    Two writers of one parameter overwrite each other in every pass. A variable of two
    hosts sends the requests for one of them to the address of the other.
    """
    return tuple(_shared_fallbacks(specs))


def _shared_fallbacks(
    specs: Mapping[ResourceId, EndpointSpec],
) -> Iterator[DocumentConflict]:
    parameters: dict[str, ResourceId] = {}
    variables: dict[str, ResourceId] = {}
    for id_, spec in sorted(specs.items()):
        fallback = spec.fallback
        if fallback is None:
            continue
        if fallback.publish:
            path = ("fallback", "publish", "ssm")
            first = parameters.setdefault(fallback.publish.ssm, id_)
            if first != id_:
                problem = f"publishes to {fallback.publish.ssm}, as does"
                hint = "give each endpoint its own parameter"
                yield DocumentConflict((id_, path), (first, path), problem, hint)
        variable = ("fallback", "env")
        first = variables.setdefault(fallback.env, id_)
        if _host_of(spec) != _host_of(specs[first]):
            problem = f"reads {fallback.env}, as does another host:"
            hint = "give each host its own variable"
            yield DocumentConflict((id_, variable), (first, variable), problem, hint)


def _host_of(spec: EndpointSpec) -> str:
    return spec.host.rstrip(".").lower()


def literal_hosts(
    specs: Mapping[ResourceId, EndpointSpec],
) -> Iterator[DocumentWarning]:
    """Yield a warning for each host that is an address: a replaced task has another."""
    for id_, spec in specs.items():
        if _is_literal(spec.host):
            problem = "is an address, not a name"
            hint = "write a host name: DNS follows a task that is replaced"
            yield DocumentWarning(id_, ("host",), problem, hint)


def _is_literal(host: str) -> bool:
    """Return True for an IP address other than those of the machine itself."""
    try:
        return not ip_address(host.rstrip(".")).is_loopback
    except ValueError:
        return False


references = no_references
complete = unchanged_spec
