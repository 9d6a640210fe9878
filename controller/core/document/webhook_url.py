"""URL of a webhook receiver."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from controller.core.document.fields import Text, reject


def is_private_host(host: str) -> bool:
    """Return True for this machine and for names in a private namespace."""
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
    if parts.scheme == "http" and not is_private_host(host):
        reject("must be https outside private namespaces", "write https://…")
    if host.rpartition(".")[2].isdecimal() and not is_ip_address(host):
        hint = "write four decimal numbers, as in 10.0.0.1"
        reject("has an invalid IP address", hint)
    return url


def is_ip_address(host: str) -> bool:
    """Return True for an IP address in canonical form."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


WebhookUrl = Annotated[
    str,
    Text(r"https?://[^\s/?#]+[^\s#]*", "an https address, without #", 2048),
    AfterValidator(_receiver),
]
