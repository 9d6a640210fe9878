"""URL of a webhook receiver."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from controller.core.document.fields import Text, reject


def _private(host: str) -> bool:
    """Return whether ``host`` is this machine or in a private namespace."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".localhost"))


def _receiver(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        reject("has an invalid port or address")
    if parts.username is not None or parts.password is not None:
        reject("contains credentials", "remove them: the requests are signed")
    if parts.scheme == "http" and not _private(host):
        reject("must be https outside private namespaces", "write https://…")
    return url


WebhookUrl = Annotated[
    str,
    Text(r"https?://[^\s/?#]+[^\s#]*", "an https address, without #", 2048),
    AfterValidator(_receiver),
]
