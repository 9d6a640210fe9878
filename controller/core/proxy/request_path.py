"""Paths of requests to MLflow: the bytes that are forwarded, and their one meaning.

A path is refused if MLflow, its server or a load balancer might read it in two ways
(RFC 3986, section 6.2.2; CWE-22): authorization and MLflow must see the same route.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from controller.core.proxy.route_table import ProxyRoute, route_of

# RFC 3986, section 3.3: pchar.
_FORM = re.compile(rb"(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+")
# Visible characters but "#", which begins a fragment.
_QUERY = re.compile(rb"[\x21\x22\x24-\x7e]*")
_SEPARATOR = re.compile(rb"%(?:2f|5c)", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_MOST_DECODINGS = 8


class PathRefusedError(ValueError):
    """The path or the query of a request is malformed or ambiguous."""


class UnlistedRouteError(LookupError):
    """No route of the table has this method and path."""


@dataclass(frozen=True, slots=True)
class ProxyTarget:
    """Address of a request at MLflow.

    Attributes:
        raw: Path as received, without the prefix of this service.
        query: Query as received, without the question mark.
        route: Route in the table.
    """

    raw: bytes
    query: bytes
    route: ProxyRoute


def proxy_target(
    method: str, raw: bytes, query: bytes, prefixes: Sequence[str] = ()
) -> ProxyTarget:
    """Return the address of a request at MLflow.

    Args:
        method: HTTP method.
        raw: Path as received, still encoded.
        query: Query as received.
        prefixes: Prefixes of this service that MLflow does not have.

    Raises:
        PathRefusedError: The path or the query cannot be forwarded.
        UnlistedRouteError: The route is not in the table.
    """
    if not _FORM.fullmatch(raw) or not _QUERY.fullmatch(query):
        msg = "The address has a character that must be percent-encoded."
        raise PathRefusedError(msg)
    raw = _without_prefix(raw, prefixes)
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        msg = "The path is not UTF-8."
        raise PathRefusedError(msg) from None
    _refuse_ambiguity(path)
    route = route_of(method, path)
    if route is None:
        raise UnlistedRouteError(path)
    if _SEPARATOR.search(raw) and not route.has_file_path:
        msg = "The path has an encoded separator."
        raise PathRefusedError(msg)
    return ProxyTarget(raw, query, route)


def _without_prefix(raw: bytes, prefixes: Sequence[str]) -> bytes:
    for prefix in prefixes:
        if raw.startswith(f"{prefix}/".encode()):
            return raw.removeprefix(prefix.encode())
    return raw


def _refuse_ambiguity(path: str) -> None:
    """Refuse empty segments, control characters, and dot segments at any decoding."""
    if "//" in path or _UNPRINTABLE.search(path):
        msg = "The path has an empty segment or a control character."
        raise PathRefusedError(msg)
    for _ in range(_MOST_DECODINGS):
        segments = path.replace("\\", "/").split("/")
        if not {".", ".."}.isdisjoint(segments):
            msg = "The path has a segment `.` or `..`."
            raise PathRefusedError(msg)
        decoded = unquote(path)
        if decoded == path:
            return
        path = decoded
    msg = "The path is encoded too many times."
    raise PathRefusedError(msg)
