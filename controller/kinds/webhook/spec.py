"""Declaration of a webhook target."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from controller.core.document.fields import (
    Instant,
    Number,
    Port,
    Section,
    Span,
    Text,
    any_of,
    fields_set,
    reject,
    required,
)
from controller.core.document.platform import Platform
from controller.core.document.reference import SecretReference
from controller.core.document.resource import ResourceId
from controller.core.document.webhook_url import (
    WebhookUrl,
    is_ip_address,
    is_private_host,
)
from controller.core.resources.kind import (
    DocumentWarning,
    no_references,
)
from controller.core.webhooks.publication_phase import WEBHOOK_ONLY, Phase

# Those of `core.webhooks.event`, which `validate` does not import.
Event = Literal[
    "model.registered",
    "drift.detected",
    "endpoint.unreachable",
    "model.promoted",
    "model.rolled_back",
    "reconcile.failed",
    "rollout.failed",
    "service.degraded",
    "service.recovered",
]
# Those of `core.webhooks.event` and `signature`, which `validate` need not import.
Payload = Literal["hokusai-v1", "hokusai-site", "cloudevents", "slack"]
# Events that the payload hokusai-site has a format for.
SITE_EVENTS = ("model.registered",)
Signature = Literal["hokusai-v1", "hokusai-v1-bare", "hokusai-deltaone", "standard"]
# Those of `core.webhooks.address_policy`, which `validate` does not import.
_HTTPS_PORTS = (443, 8443)
_OWN_HEADERS = ("x-hokusai-", "x-forwarded-", "x-amz")
# Seconds between the later attempts: about three days together.
DEFAULT_TAIL = (300, 1800, 7200, 18000, 36000, 36000, 72000, 86400)


def _network(text: str) -> str:
    from controller.core.webhooks.address_policy import is_internal_network

    try:
        network = ip_network(text)
    except ValueError:
        reject("must be a network in CIDR notation", "write, for example, 10.0.0.0/16")
    if not is_internal_network(network):
        reject(
            "must be a private or loopback network",
            "remove it: public addresses are permitted, and link-local ones never are",
        )
    return str(network)


def _announce(value: Any) -> Any:
    words = ("from-now", "all")
    if value not in words and not isinstance(value, dict | AnnounceFrom):
        reject("must be from-now, all or {since: DATE}")
    return value


class AnnounceFrom(Section):
    """The time from which registrations are announced."""

    since: Instant = Field(
        description="Versions created before this time are not announced.",
        examples=["2026-01-31"],
    )


Announce = Annotated[
    Annotated[Literal["from-now", "all"], Tag("word")]
    | Annotated[AnnounceFrom, Tag("date")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "date"),
    BeforeValidator(_announce),
]
Network = Annotated[
    str,
    Text(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?", "a network in CIDR notation", 64),
    AfterValidator(_network),
]
# Only names with X- : none that HTTP or a proxy gives a meaning to.
HeaderAlias = Annotated[
    str,
    Text(r"[Xx]-[A-Za-z0-9-]{1,100}", "the name of a header, as in x-signature", 102),
]
SignedHeader = Literal[
    "X-Hokusai-Signature",
    "X-Hokusai-Idempotency-Key",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
]
Timeout = Annotated[int, Span(1, 300)]
Delay = Annotated[int, Span(1, 7 * 24 * 3600)]
Jitter = Annotated[Number, Field(ge=0, le=0.5)]
ReleaseDelay = Annotated[int, Span(1, 24 * 3600)]
EventCount = Annotated[int, Field(ge=0, le=10_000)]
# A colon would end the name (RFC 7617, section 2).
UserName = Annotated[str, Text(r"[^\x00-\x1f\x7f:]+", "a name without a colon")]
_METHODS = ("bearer", "basic", "certificate")
_DESTINATIONS = ("url", "eventbridge", "sqs")
# Fields of a request over HTTP.
_OF_URL = {"secrets", "auth", "signature", "allow_networks"}
BusName = Annotated[
    str,
    Text(
        r"(?:arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[A-Za-z0-9/._-]+",
        "the name or ARN of an event bus",
        longest=1600,
    ),
]
EventSource = Annotated[
    str,
    Text(r"(?!aws\.)[A-Za-z0-9._/-]+", "a source that does not begin with aws.", 256),
]
QueueName = Annotated[
    str,
    Text(
        r"(?:https?://[^\s?#]+/[0-9]{12}/)?[A-Za-z0-9_-]{1,80}(?:\.fifo)?",
        "the name or URL of a queue",
        longest=512,
    ),
]


def _destinations(schema: dict[str, Any]) -> None:
    """Extend the JSON Schema: one destination, secrets for a URL, events of the site."""
    destinations = (("url", "secrets"), ("eventbridge",), ("sqs",))
    schema["oneOf"] = [required(*fields) for fields in destinations]
    is_site = {"properties": {"payload": {"const": "hokusai-site"}}}
    of_site = {"properties": {"events": {"items": {"enum": [*SITE_EVENTS]}}}}
    schema["if"] = {**is_site, "required": ["payload"]}
    schema["then"] = of_site


class RetrySpec(Section):
    """Attempts after those within the first minute."""

    tail: tuple[Delay, ...] = Field(
        default=DEFAULT_TAIL,
        max_length=50,
        description="Delays before the later attempts, after those of WEBHOOK_MAX_RETRIES "
        "and WEBHOOK_RETRY_DELAY. `[]` for none.",
        examples=[["5m", "30m", "2h", "5h"]],
    )
    jitter: Jitter = Field(
        default=0.2,
        description="Fraction of a delay by which it may be shorter or longer; 0 for none.",
    )


def _expression(text: str) -> str:
    from controller.core.webhooks.subscription import expression_problem

    if text and (problem := expression_problem(text)):
        reject(f"is not a JMESPath expression: {problem}", "see https://jmespath.org")
    return text


def _filter(text: str) -> str:
    from controller.core.webhooks.subscription import PAYLOAD_FIELDS, unknown_field

    if text and (name := unknown_field(text)):
        hint = f"the fields are {', '.join(sorted(PAYLOAD_FIELDS))}"
        reject(f"names the field {name}, which no event has", hint)
    return text


Expression = Annotated[
    str, Text(r"[^\x00-\x1f]*", "one line", 1024), AfterValidator(_expression)
]
Filter = Annotated[Expression, AfterValidator(_filter)]


def _server(url: str) -> str:
    try:
        _port = urlsplit(url).port
    except ValueError:
        reject("has an invalid port or address")
    return url


RedisUrl = Annotated[
    str,
    # Without TLS, the token and the messages would be sent unencrypted.
    Text(
        r"(?:rediss://[^\s/?#@]+|redis://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?)"
        r"(?:/[0-9]{1,2})?",
        "a URL as in rediss://cache.example.com:6379/0; redis:// only on this machine",
        2048,
    ),
    AfterValidator(_server),
]


class RedisSpec(Section):
    """A Redis queue that also receives the events."""

    url: RedisUrl = Field(
        description="URL of the Redis server; without TLS only on this machine.",
        examples=["rediss://cache.example.com:6379/0"],
    )
    token: SecretReference | None = Field(
        default=None,
        description="Location of the password of the server.",
        examples=[{"secretsmanager": "hokusai/redis/development:auth_token"}],
    )
    phase: Phase | None = Field(
        default=None,
        description="Use of the queue: for every event (`dual`), for events that the "
        "webhook does not accept (`webhook_primary`), or none (`webhook_only`). By "
        "default `dual` if ENABLE_REDIS_FALLBACK is true, else `webhook_only`.",
        examples=["dual"],
    )
    release_after: ReleaseDelay = Field(
        default=60,
        description="In the phase `webhook_primary`: time for which the webhook must fail "
        "before its events are sent to the queue.",
        examples=["5m"],
    )
    advance_after: EventCount = Field(
        default=20,
        description="Number of events within seven days that must all be at parity before "
        "the next phase begins; 0 for no comparison.",
    )


class BasicAuth(Section):
    """User name and password (RFC 7617)."""

    username: UserName = Field(description="Name of the user.", examples=["controller"])
    password: SecretReference = Field(
        description="Location of the password.",
        examples=[{"secretsmanager": "hokusai/receiver:password"}],
    )


class CertificateAuth(Section):
    """Client certificate for mutual TLS."""

    chain: SecretReference = Field(
        description="Location of the certificate in PEM format, followed by intermediate "
        "ones.",
        examples=[{"secretsmanager": "hokusai/receiver-tls:certificate"}],
    )
    key: SecretReference = Field(
        description="Location of its private key in PEM format, without a passphrase.",
        examples=[{"secretsmanager": "hokusai/receiver-tls:key"}],
    )


class AuthSpec(Section):
    """Authentication of the sender, besides the signature."""

    model_config = ConfigDict(json_schema_extra=any_of(*_METHODS))

    bearer: SecretReference | None = Field(
        default=None,
        description="Location of a token that is sent in the header Authorization.",
        examples=[{"secretsmanager": "hokusai/receiver:token"}],
    )
    basic: BasicAuth | None = Field(
        default=None, description="User name and password in the header Authorization."
    )
    certificate: CertificateAuth | None = Field(
        default=None,
        description="Client certificate; possible together with a token or a password.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not fields_set(self, *_METHODS):
            reject("is empty", "write bearer, basic or certificate")
        if self.bearer is not None and self.basic is not None:
            reject("has both bearer and basic, for one header", "remove one of them")
        return self

    @property
    def secrets(self) -> Mapping[str, SecretReference]:
        """The references by their paths below ``auth``."""
        found: dict[str, SecretReference] = {}
        if self.bearer is not None:
            found["bearer"] = self.bearer
        if self.basic is not None:
            found["basic.password"] = self.basic.password
        if self.certificate is not None:
            found["certificate.chain"] = self.certificate.chain
            found["certificate.key"] = self.certificate.key
        return found


class EventBridgeSpec(Section):
    """An event bus of Amazon EventBridge."""

    bus: BusName = Field(
        default="default",
        description="Name of the event bus, or its ARN.",
        examples=["hokusai-events"],
    )
    source: EventSource = Field(
        default="hokusai",
        description="Source of the events, which rules match.",
        examples=["hokusai.production"],
    )


class SqsSpec(Section):
    """A queue of Amazon SQS."""

    queue: QueueName = Field(
        description="Name of the queue, or its URL.",
        examples=["hokusai-events", "hokusai-events.fifo"],
    )


class WebhookSpec(Section):
    """A receiver of events: a URL, an event bus, or a queue."""

    model_config = ConfigDict(json_schema_extra=_destinations)

    url: WebhookUrl = Field(
        default="",
        description="URL that events are sent to with POST.",
        examples=["https://hokus.ai/api/webhooks/model-registration"],
    )
    eventbridge: EventBridgeSpec | None = Field(
        default=None,
        description="Event bus that events are sent to, instead of a URL.",
        examples=[{"bus": "hokusai-events"}],
    )
    sqs: SqsSpec | None = Field(
        default=None,
        description="Queue that events are sent to, instead of a URL.",
        examples=[{"queue": "hokusai-events"}],
    )
    secrets: tuple[SecretReference, ...] = Field(
        default=(),
        min_length=1,
        validate_default=True,
        description="Secrets that sign requests to `url`, which needs at least one; more "
        "than one while a secret is rotated.",
        examples=[[{"env": "WEBHOOK_SECRET"}]],
    )
    auth: AuthSpec | None = Field(
        default=None,
        description="Authentication that the receiver requires besides the signature.",
        examples=[{"bearer": {"secretsmanager": "hokusai/receiver:token"}}],
    )
    allow_networks: tuple[Network, ...] = Field(
        default=(),
        max_length=20,
        description="Private networks that the receiver may be in. Otherwise its address "
        "must be public, except for the host of an endpoint of the document.",
        examples=[["10.0.0.0/16"]],
    )
    allow_ports: tuple[Port, ...] = Field(
        default=(),
        max_length=20,
        description="Ports of the URL besides 443 and 8443, at public addresses.",
        examples=[[9443]],
    )
    events: tuple[Event, ...] = Field(
        default=("model.registered",),
        min_length=1,
        description="Events that are sent to this target.",
        examples=[["model.registered", "service.degraded", "service.recovered"]],
    )
    where: Filter = Field(
        default="",
        description="JMESPath expression over the payload; only events for which it is "
        "true are sent. Not for model.registered.",
        examples=["name == 'api'"],
    )
    payload: Payload = Field(
        default="hokusai-v1",
        description="Format of the body. `hokusai-site` is that of the Hokusai site, "
        "which has one for model.registered only; `cloudevents` that of CloudEvents 1.0 in "
        "structured mode, and `slack` that of incoming webhooks of Slack.",
    )
    body: Expression = Field(
        default="",
        description="JMESPath expression over the payload of hokusai-v1 that makes the "
        "body; evaluated once for each event.",
        examples=["{text: join(': ', [resource, message])}"],
    )
    signature: Signature = Field(
        default="hokusai-v1",
        description="Scheme of X-Hokusai-Signature: `sha256=` and the signature of the "
        "body; the signature alone (`hokusai-v1-bare`); the signature of time, nonce and "
        "body (`hokusai-deltaone`); or none (`standard`). The headers of Standard "
        "Webhooks are sent with each of them.",
    )
    header_aliases: dict[HeaderAlias, SignedHeader] = Field(
        default_factory=dict,
        max_length=10,
        description="Further names of headers, for receivers of earlier senders: the "
        "value is sent under both names.",
        examples=[{"x-mlflow-signature": "X-Hokusai-Signature"}],
    )
    announce: Announce = Field(
        default="from-now",
        description="Versions that are announced: those created after the target was first "
        "observed (`from-now`), `all`, or those created since a date.",
        examples=["all", {"since": "2026-01-31"}],
    )
    timeout: Timeout = Field(default=30, description="Timeout of one attempt.")
    retry: RetrySpec = Field(
        default_factory=RetrySpec,
        description="Attempts after a failure.",
        examples=[{"tail": ["5m", "30m", "2h"]}],
    )
    redis: RedisSpec | None = Field(
        default=None,
        description="Redis queue that the consumers of the events still read.",
    )

    @field_validator("secrets", mode="wrap")
    @classmethod
    def _signed(
        cls, value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        """Require secrets for a URL; the default is an empty tuple, never a list."""
        if value != ():
            return check(value)
        # A field that is invalid itself is not in the data.
        is_url = bool(info.data.get("url", True))
        in_aws = [info.data.get(name, True) for name in ("eventbridge", "sqs")]
        if is_url and not any(in_aws):
            kind = "missing"
            raise PydanticCustomError(kind, "Field required")
        return value

    @model_validator(mode="after")
    def _one_destination(self) -> Self:
        given = [name for name in _DESTINATIONS if getattr(self, name)]
        if not given:
            reject("has no destination", "write url, eventbridge or sqs")
        if len(given) > 1:
            reject(
                f"has several destinations: {' and '.join(given)}",
                "declare one target for each",
            )
        if not self.url:
            for name in sorted(_OF_URL & self.model_fields_set):
                reject(
                    f"has no effect on {given[0]}: IAM authenticates the controller",
                    "remove it",
                    name,
                )
        return self

    @property
    def address(self) -> str:
        """The destination in one text: a URL, or the service and its resource."""
        if self.eventbridge is not None:
            return f"eventbridge:{self.eventbridge.bus}"
        return self.url if self.sqs is None else f"sqs:{self.sqs.queue}"

    @model_validator(mode="after")
    def _filtered(self) -> Self:
        if self.where and "model.registered" in self.events:
            reject(
                "cannot filter model.registered, of which every version is announced",
                "declare another target for the other events",
                "where",
            )
        return self

    @model_validator(mode="after")
    def _known_to_the_site(self) -> Self:
        unknown = [event for event in self.events if event not in SITE_EVENTS]
        if unknown and self.payload == "hokusai-site":
            reject(
                f"has {', '.join(unknown)}, which the payload hokusai-site has no "
                "format for",
                "declare another target with another payload for them",
                "events",
            )
        return self

    @field_validator("header_aliases")
    @classmethod
    def _further_names(cls, aliases: dict[str, str]) -> dict[str, str]:
        for alias in aliases:
            if alias.lower().startswith(_OWN_HEADERS):
                reject(
                    f"names {alias}, a header of every request",
                    "choose a name that the receiver reads",
                )
        return aliases

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.body and self.payload != "hokusai-v1":
            reject(
                f"cannot be combined with the payload {self.payload}",
                "remove payload: the expression is over that of hokusai-v1",
                "body",
            )
        return self

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        parts = urlsplit(self.url)
        is_local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if self.auth is None or parts.scheme == "https":
            return self
        if self.auth.certificate is not None:
            reject("needs TLS", "use https in url", "auth.certificate")
        if not is_local:
            reject("would be sent unencrypted", "use https in url", "auth")
        return self

    @property
    def secret_references(self) -> Mapping[str, SecretReference]:
        """The references of signatures and authentication by their paths."""
        keys = {f"secrets.{index}": ref for index, ref in enumerate(self.secrets)}
        auth = {} if self.auth is None else self.auth.secrets
        return keys | {f"auth.{path}": reference for path, reference in auth.items()}

    @property
    def phase(self) -> Phase:
        """Declared phase of the migration from Redis."""
        return (self.redis and self.redis.phase) or WEBHOOK_ONLY


def warnings(specs: Mapping[ResourceId, WebhookSpec]) -> Iterator[DocumentWarning]:
    """Yield warnings: unused Redis connections, and unknown fields in `body`."""
    for id_, spec in specs.items():
        yield from _unknown_fields(id_, spec)
        if spec.redis is not None and spec.phase == WEBHOOK_ONLY:
            problem = (
                "is a connection to Redis that the phase webhook_only does not use"
            )
            hint = "remove it when `status` reports the phase, and unset its token"
            yield DocumentWarning(id_, ("redis",), problem, hint)


def _unknown_fields(id_: ResourceId, spec: WebhookSpec) -> Iterator[DocumentWarning]:
    """Yield a warning for each field in `body` that no event of the target has."""
    if not spec.body:
        return
    from difflib import get_close_matches

    from controller.core.webhooks.subscription import payload_fields, unknown_fields

    known = payload_fields(spec.events)
    for name in unknown_fields(spec.body, known):
        problem = f"names the field {name}, which no event of this target has"
        near = get_close_matches(name, known, n=1)
        hint = (
            f"did you mean {near[0]}?" if near else f"the fields are {', '.join(known)}"
        )
        yield DocumentWarning(id_, ("body",), problem, hint)


references = no_references


def complete(_name: str, spec: WebhookSpec, platform: Platform) -> WebhookSpec:
    """Return ``spec`` unchanged; reject a literal address that is not permitted."""
    _check_port(spec)
    host = urlsplit(spec.url).hostname or ""
    if not is_ip_address(host):
        return spec
    # Few documents need it, and `validate` starts fast.
    from controller.core.webhooks.address_policy import (
        declared_addresses,
        is_internal_network,
    )

    policy = declared_addresses(
        spec.allow_networks, platform.environment, spec.allow_ports
    )
    port = urlsplit(spec.url).port or _HTTPS_PORTS[0]
    if reason := policy.denial_reason(host, port):
        hint = "use the public name of the receiver"
        if is_internal_network(ip_network(host)):
            hint += ", or declare its network in allow_networks"
        reject(f"is not permitted: {reason}", hint, "url")
    return spec


def _check_port(spec: WebhookSpec) -> None:
    """Reject a port that no public receiver of webhooks has, unless it is declared.

    The ports of internal receivers, by name or network, are not limited.
    """
    parts = urlsplit(spec.url)
    ports = {*_HTTPS_PORTS, *spec.allow_ports}
    if parts.port is None or parts.port in ports or spec.allow_networks:
        return
    if is_private_host(parts.hostname or ""):
        return
    reject(
        f"has port {parts.port}, which is not permitted: the ports are 443 and 8443",
        "write the URL with one of them, or add the port to allow_ports",
        "url",
    )
