"""What the user asks of a webhook target."""

from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from controller.core.document.fields import Instant, Section, Span, Text, reject
from controller.core.document.reference import SecretReference
from controller.core.resources.kind import no_references, unchanged_spec

Event = Literal["model.registered"]


def _private(host: str) -> bool:
    """Return whether ``host`` is this machine or in a private namespace."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".localhost"))


def _target(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        reject("has a port or an address that does not exist")
    if parts.username is not None or parts.password is not None:
        reject(
            "holds credentials", "leave them out: deliveries are signed with `secrets`"
        )
    if parts.scheme == "http" and not _private(host):
        reject("must be https: it leaves the machine", "write https://…")
    return url


def _announce(value: Any) -> Any:
    words = ("from-now", "all")
    if value not in words and not isinstance(value, dict | AnnounceFrom):
        reject("must be from-now, all or {since: a date}")
    return value


class AnnounceFrom(Section):
    """A moment from which registrations are announced."""

    since: Instant = Field(
        description="Versions created before this moment are not announced.",
        examples=["2026-01-31"],
    )


Url = Annotated[
    str,
    Text(r"https?://[^\s/?#]+[^\s#]*", "an https address, without #", 2048),
    AfterValidator(_target),
]
Announce = Annotated[
    Annotated[Literal["from-now", "all"], Tag("word")]
    | Annotated[AnnounceFrom, Tag("date")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "date"),
    BeforeValidator(_announce),
]
Timeout = Annotated[int, Span(1, 300)]


class WebhookSpec(Section):
    """Somebody to tell about registered models."""

    url: Url = Field(
        description="Where events are posted.",
        examples=["https://hokus.ai/api/webhooks/model-registration"],
    )
    secrets: tuple[SecretReference, ...] = Field(
        min_length=1,
        description="What deliveries are signed with; several while one secret "
        "replaces another.",
        examples=[[{"env": "WEBHOOK_SECRET"}]],
    )
    events: tuple[Event, ...] = Field(
        default=("model.registered",),
        min_length=1,
        description="The events that this target is told.",
    )
    payload: Literal["hokusai-v1"] = Field(
        default="hokusai-v1", description="The shape of the body."
    )
    announce: Announce = Field(
        default="from-now",
        description="Which versions are announced: those made after the target is "
        "first seen, all there are, or those since a date.",
        examples=["all", {"since": "2026-01-31"}],
    )
    timeout: Timeout = Field(default=30, description="How long one attempt may take.")


references = no_references
complete = unchanged_spec
