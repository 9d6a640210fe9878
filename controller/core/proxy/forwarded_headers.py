"""Headers that the proxy forwards, in both directions.

Hop-by-hop fields end here (RFC 9110, section 7.6.1), and so do credentials: a caller's
key is not sent to MLflow, and the challenges and cookies of MLflow are not sent to
callers, because they belong to the credentials of this service.
"""

import re
from collections.abc import Iterable, Mapping

RawHeaders = Iterable[tuple[bytes, bytes]]

REQUEST_ID = "x-request-id"
_HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding"),
        *(b"upgrade", b"proxy-connection", b"proxy-authenticate"),
        *(b"proxy-authorization", b"http2-settings"),
    }
)
_NOT_SENT = frozenset(
    {
        # The framing and the host are those of the connection to MLflow.
        *(b"host", b"content-length", b"expect"),
        *(b"authorization", b"x-api-key", b"cookie", b"origin"),
        *(b"forwarded", b"x-request-id", b"x-real-ip"),
        # Flask does not read them; an extension might.
        *(b"x-http-method-override", b"x-http-method", b"x-method-override"),
    }
)
_NOT_SENT_PREFIXES = (b"x-forwarded-", b"x-hokusai-")
_NOT_RETURNED = frozenset(
    {
        *(b"www-authenticate", b"authentication-info", b"set-cookie"),
        *(b"date", b"server", b"x-request-id"),
    }
)
_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def request_headers(received: RawHeaders) -> list[tuple[str, str]]:
    """Return the headers of a request that MLflow gets.

    A name with an underscore is left out: WSGI cannot distinguish it from one with a
    hyphen (PEP 3333). So is a value that is not UTF-8.

    Args:
        received: Names in lower case, with their values, as received.
    """
    headers = [*received]
    dropped = _HOP_BY_HOP | _NOT_SENT | _named_by_connection(headers)
    return [
        (name.decode("ascii"), text)
        for name, value in headers
        if name not in dropped
        and b"_" not in name
        and not name.startswith(_NOT_SENT_PREFIXES)
        and (text := _text(value)) is not None
    ]


def response_headers(received: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Return the headers of a response that the caller gets; repeated ones stay.

    Args:
        received: Names and values as received.
    """
    headers = [(name.lower(), value) for name, value in received]
    dropped = _HOP_BY_HOP | _NOT_RETURNED | _named_by_connection(headers)
    return [header for header in headers if header[0] not in dropped]


def identity_headers(
    received: RawHeaders, *, peer: str, scheme: str, key_id: str, request_id: str
) -> Mapping[str, str]:
    """Return the headers that name the caller of a request to MLflow.

    Args:
        received: Names in lower case, with their values, as received.
        peer: Address of the connection.
        scheme: ``http`` or ``https``, of the connection.
        key_id: Identifies the caller's key; not secret.
        request_id: Identifies the request in logs.
    """
    known = {name: text for name, value in received if (text := _text(value))}
    chain = [known.get(b"x-forwarded-for", ""), peer]
    return {
        "X-Forwarded-For": ", ".join(part for part in chain if part),
        "X-Forwarded-Proto": known.get(b"x-forwarded-proto", scheme),
        "X-Forwarded-Host": known.get(b"host", ""),
        "X-Request-ID": request_id,
        "X-Hokusai-Key-Id": key_id,
    }


def request_id_of(received: RawHeaders) -> str | None:
    """Return the id that the caller gave the request; None if it has no usable one."""
    given = [value for name, value in received if name == REQUEST_ID.encode()]
    if len(given) != 1 or not _ID.fullmatch(given[0]):
        return None
    return given[0].decode()


def framing_problem(received: RawHeaders) -> str:
    """Return the reason why the length of a request is ambiguous; empty if it is not.

    Such a request may be two for another server (RFC 9112, section 6.3; CWE-444).
    """
    headers = [*received]
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if lengths and codings:
        return "The request has both Content-Length and Transfer-Encoding."
    if len(lengths) > 1 or any(not value.isdigit() for value in lengths):
        return "The request has an ambiguous Content-Length."
    if codings and [value.strip().lower() for value in codings] != [b"chunked"]:
        return "The request has a Transfer-Encoding other than chunked."
    return ""


def _named_by_connection(headers: RawHeaders) -> frozenset[bytes]:
    return frozenset(
        part.strip().lower()
        for name, value in headers
        if name == b"connection"
        for part in value.split(b",")
    )


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
