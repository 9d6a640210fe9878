"""Secrets of one webhook target: keys of the signatures, and proof of the sender."""

import re
from base64 import b64encode
from dataclasses import dataclass, field

from controller.core.errors import PermanentError
from controller.core.values.secret import Secret

# Other characters are not permitted in a header (RFC 9110, section 5.5).
_HEADER_TEXT = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Certificate of the sender for mutual TLS.

    Attributes:
        chain: Certificate in PEM format, followed by intermediate ones.
        key: Private key in PEM format, without a passphrase.
    """

    chain: Secret
    key: Secret


@dataclass(frozen=True, slots=True)
class TargetSecrets:
    """Secrets that one attempt needs.

    Attributes:
        keys: Keys of the signatures, the current one first; the password of a Redis
            queue; empty for a destination in AWS.
        authorization: Value of the header Authorization; None for no such header.
        certificate: Client certificate; None for none.
    """

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    authorization: Secret | None = None
    certificate: ClientCertificate | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Headers that authenticate the sender."""
        if self.authorization is None:
            return {}
        return {"Authorization": self.authorization.reveal()}


def bearer(token: str) -> Secret:
    """Return the value of Authorization for ``token`` (RFC 6750).

    Raises:
        PermanentError: The token cannot be part of a header.
    """
    if not _HEADER_TEXT.fullmatch(token):
        msg = "the bearer token contains characters that a header does not permit"
        raise PermanentError(msg)
    return Secret(f"Bearer {token}")


def basic(username: str, password: str) -> Secret:
    """Return the value of Authorization for a user (RFC 7617, in UTF-8)."""
    return Secret(f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}")
