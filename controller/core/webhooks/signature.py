"""Webhook signatures over the same bytes and keys.

``X-Hokusai-Signature`` covers the body, in schemes that receivers of earlier senders
verify; Standard Webhooks (standardwebhooks.com,
1.0.0) covers id, time and body, and may carry several signatures while a secret
is rotated.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Literal

from controller.core.errors import PermanentError

SignatureScheme = Literal[
    "hokusai-v1", "hokusai-v1-bare", "hokusai-deltaone", "standard"
]
DEFAULT_SCHEME: SignatureScheme = "hokusai-v1"
# The scheme that signs the id of each attempt.
WITH_NONCE: SignatureScheme = "hokusai-deltaone"
STANDARD_PREFIX = "whsec_"
SIGNATURE_HEADER = "X-Hokusai-Signature"
_HOKUSAI_PREFIX = "sha256="
_STANDARD_VERSION = "v1,"


def key_of(secret: str) -> bytes:
    """Return the signing key of a secret; decoded if it starts with ``whsec_``.

    Raises:
        PermanentError: the part after ``whsec_`` is empty or not base64. Some receivers
            would drop the invalid characters, and no signature would ever match.
    """
    if not secret.startswith(STANDARD_PREFIX):
        return secret.encode()
    msg = f"a secret that starts with {STANDARD_PREFIX} must continue in base64"
    try:
        key = b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)
    except ValueError as error:
        raise PermanentError(msg) from error
    if not key:
        raise PermanentError(msg)
    return key


def hokusai_signature(key: bytes, body: bytes) -> str:
    """Return the value of ``X-Hokusai-Signature`` for ``body``."""
    return _HOKUSAI_PREFIX + digest(key, body, sha256).hex()


def hokusai_headers(
    scheme: SignatureScheme, key: bytes, at: datetime, nonce: str, body: bytes
) -> Mapping[str, str]:
    """Return the headers of Hokusai's own signature of ``body``.

    Receivers compare the whole value, so it contains one signature only.

    Args:
        scheme: Signature scheme of the receiver.
        key: First signing key.
        at: Time of this attempt, aware.
        nonce: Id of this attempt, different for every other one; only for the scheme
            ``WITH_NONCE``.
        body: Bytes as they are sent.
    """
    match scheme:
        case "standard":
            return {}
        case "hokusai-v1":
            return {SIGNATURE_HEADER: hokusai_signature(key, body)}
        case "hokusai-v1-bare":
            return {SIGNATURE_HEADER: digest(key, body, sha256).hex()}
        case "hokusai-deltaone":
            timestamp = str(int(at.timestamp()))
            signed = f"{timestamp}.{nonce}.".encode() + body
            return {
                SIGNATURE_HEADER: hokusai_signature(key, signed),
                "X-Hokusai-Timestamp": timestamp,
                "X-Hokusai-Nonce": nonce,
            }


def with_aliases(
    headers: Mapping[str, str], aliases: Mapping[str, str]
) -> dict[str, str]:
    """Return ``headers``, and each value again under its further name.

    Args:
        headers: Headers of a request.
        aliases: Name of a header by its further name.
    """
    found = {alias: headers[name] for alias, name in aliases.items() if name in headers}
    return {**headers, **found}


def hokusai_verified(keys: Iterable[bytes], body: bytes, signature: str) -> bool:
    """Return True if ``signature`` was made of ``body`` with one of ``keys``.

    Compares in constant time.
    """
    given = signature.encode()
    return any(
        compare_digest(hokusai_signature(key, body).encode(), given) for key in keys
    )


def standard_headers(
    id_: str, at: datetime, body: bytes, keys: Iterable[bytes]
) -> Mapping[str, str]:
    """Return the three headers of Standard Webhooks, with one signature per key.

    Args:
        id_: Id, equal for every attempt; must not contain the separator.
        at: Time of this attempt, aware.
        body: Bytes as they are sent.
        keys: Signing keys, the current one first.
    """
    if "." in id_:
        msg = f"the id {id_!r} contains a dot, which separates the id from the time"
        raise ValueError(msg)
    timestamp = str(int(at.timestamp()))
    signed = f"{id_}.{timestamp}.".encode() + body
    # Receivers split at exactly one space.
    signatures = " ".join(
        _STANDARD_VERSION + b64encode(digest(key, signed, sha256)).decode()
        for key in keys
    )
    return {
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
        "webhook-signature": signatures,
    }
