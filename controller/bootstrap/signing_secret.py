"""Signing secret from the cryptographic generator of the operating system."""

import secrets
from base64 import b64encode

from controller.core.webhooks.signature import STANDARD_PREFIX

# Standard Webhooks asks for 24 to 64 random bytes.
_BYTES = 32


def drawn_signing_secret() -> str:
    """Return a ``whsec_`` secret with 32 random bytes."""
    return STANDARD_PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()
