"""How a webhook proves who sent it: two schemes over the same bytes and keys.

``X-Hokusai-Signature`` covers the body; Standard Webhooks (standardwebhooks.com,
1.0.0) covers id, time and body, and may carry several signatures while a secret
is rotated.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest, digest

from controller.core.errors import PermanentError

STANDARD_PREFIX = "whsec_"
SIGNATURE_HEADER = "X-Hokusai-Signature"
_HOKUSAI_PREFIX = "sha256="
_STANDARD_VERSION = "v1,"


def key_of(secret: str) -> bytes:
    """Return the key that a written secret stands for: decoded if ``whsec_``.

    Raises:
        PermanentError: what follows ``whsec_`` is not base64. Some receivers would
            drop the offending characters, and no signature would ever match.
    """
    if not secret.startswith(STANDARD_PREFIX):
        return secret.encode()
    try:
        return b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)
    except binascii.Error as error:
        msg = f"a secret that begins with {STANDARD_PREFIX} must go on in base64"
        raise PermanentError(msg) from error


def hokusai_signature(key: bytes, body: bytes) -> str:
    """Return the value of ``X-Hokusai-Signature`` for ``body``."""
    return _HOKUSAI_PREFIX + digest(key, body, sha256).hex()


def hokusai_verified(keys: Iterable[bytes], body: bytes, signature: str) -> bool:
    """Whether ``signature`` was made of ``body`` with one of ``keys``.

    Takes the same time whichever byte of a signature differs.
    """
    given = signature.encode()
    return any(
        compare_digest(hokusai_signature(key, body).encode(), given) for key in keys
    )


def standard_headers(
    id_: str, at: datetime, body: bytes, keys: Iterable[bytes]
) -> Mapping[str, str]:
    """Return the three headers of Standard Webhooks, one signature a key.

    Args:
        id_: The same for every attempt; must not contain the separator.
        at: Time of this attempt, aware.
        body: The bytes as they are sent.
        keys: The current one first.
    """
    if "." in id_:
        msg = f"the id {id_!r} contains a dot, by which it is told from the time"
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
