"""Declaration of a webhook target."""

from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from controller.core.document.fields import (
    Instant,
    Number,
    Section,
    Span,
    Text,
    reject,
)
from controller.core.document.platform import Platform
from controller.core.document.reference import SecretReference
from controller.core.document.webhook_url import WebhookUrl, is_ip_address
from controller.core.resources.kind import no_references

Event = Literal["model.registered"]
# Those of `core.webhooks.event` and `signature`, which `validate` need not import.
Payload = Literal["hokusai-v1", "hokusai-site", "cloudevents", "slack"]
Signature = Literal["hokusai-v1", "hokusai-v1-bare", "hokusai-deltaone", "standard"]
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
Timeout = Annotated[int, Span(1, 300)]
Delay = Annotated[int, Span(1, 7 * 24 * 3600)]
Jitter = Annotated[Number, Field(ge=0, le=0.5)]


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


class WebhookSpec(Section):
    """A receiver of events about registered models."""

    url: WebhookUrl = Field(
        description="URL that events are sent to with POST.",
        examples=["https://hokus.ai/api/webhooks/model-registration"],
    )
    secrets: tuple[SecretReference, ...] = Field(
        min_length=1,
        description="Secrets that sign deliveries; more than one while a secret is rotated.",
        examples=[[{"env": "WEBHOOK_SECRET"}]],
    )
    allow_networks: tuple[Network, ...] = Field(
        default=(),
        max_length=20,
        description="Private networks that the receiver may be in. Otherwise its address "
        "must be public, except for the host of an endpoint of the document.",
        examples=[["10.0.0.0/16"]],
    )
    events: tuple[Event, ...] = Field(
        default=("model.registered",),
        min_length=1,
        description="Events that are sent to this target.",
    )
    payload: Payload = Field(
        default="hokusai-v1",
        description="Format of the body. `hokusai-site` is that of the Hokusai site, "
        "`cloudevents` that of CloudEvents 1.0 in structured mode, and `slack` that of "
        "incoming webhooks of Slack.",
    )
    signature: Signature = Field(
        default="hokusai-v1",
        description="Scheme of X-Hokusai-Signature: `sha256=` and the signature of the "
        "body; the signature alone (`hokusai-v1-bare`); the signature of time, nonce and "
        "body (`hokusai-deltaone`); or none (`standard`). The headers of Standard "
        "Webhooks are sent with each of them.",
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


references = no_references


def complete(_name: str, spec: WebhookSpec, platform: Platform) -> WebhookSpec:
    """Return ``spec`` unchanged; reject a literal address that is not permitted."""
    host = urlsplit(spec.url).hostname or ""
    if not is_ip_address(host):
        return spec
    # Few documents need it, and `validate` starts fast.
    from controller.core.webhooks.address_policy import (
        declared_addresses,
        is_internal_network,
    )

    policy = declared_addresses(spec.allow_networks, platform.environment)
    if reason := policy.denial_reason(host):
        hint = "use the public name of the receiver"
        if is_internal_network(ip_network(host)):
            hint += ", or declare its network in allow_networks"
        reject(f"is not permitted: {reason}", hint, "url")
    return spec
