"""Credentials in the headers of a request (RFC 6750, RFC 7617).

A key is sent as ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``. Browsers and
MLflow's client with a user name send it as the password of ``Basic``.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterable

from controller.core.values.secret import Secret

# A longer header is no key and no token that this server accepts.
LONGEST = 8_192
_HEADERS = (b"authorization", b"x-api-key")


class CredentialError(Exception):
    """The headers hold a credential that cannot be read, or two different ones."""


def credential(headers: Iterable[tuple[bytes, bytes]]) -> Secret | None:
    """Return the key or token of a request; None if it has none.

    Args:
        headers: Names in lower case, with their values, as received.

    Raises:
        CredentialError: A header has an unknown scheme or form, or two headers differ.
    """
    found = {_read(*h) for h in headers if h[0] in _HEADERS and h[1].strip()}
    if len(found) > 1:
        msg = "The request has two different credentials: send one of them."
        raise CredentialError(msg)
    return Secret(found.pop()) if found else None


def _read(name: bytes, value: bytes) -> str:
    if len(value) > LONGEST:
        msg = f"The credential is longer than {LONGEST} bytes."
        raise CredentialError(msg)
    text = value.strip().decode("utf-8", "surrogateescape")
    if name == b"x-api-key":
        return text
    scheme, _, given = text.partition(" ")
    match scheme.lower():
        case "bearer" | "apikey":
            return given.strip()
        case "basic":
            return _password(given.strip())
        case _:
            msg = "The Authorization header has an unknown scheme: write Bearer KEY."
            raise CredentialError(msg)


def _password(encoded: str) -> str:
    try:
        pair = b64decode(encoded, validate=True).decode("utf-8", "surrogateescape")
    except (Error, ValueError):
        pair = ""
    _, colon, password = pair.partition(":")
    if not colon:
        msg = "The Basic credential is not base64 of `name:password`."
        raise CredentialError(msg)
    return password
