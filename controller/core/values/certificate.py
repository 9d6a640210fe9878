"""Facts about the TLS certificate of a server."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Certificate of a TLS connection whose chain and name were verified.

    Attributes:
        expires: End of its validity.
        version: Version of TLS, as in ``1.3``.
        issuer: Common name or organization of its issuer.
    """

    expires: datetime
    version: str
    issuer: str = ""

    def expires_within(self, threshold: timedelta, now: datetime) -> bool:
        """Return True if less than ``threshold`` of its validity is left at ``now``."""
        return self.expires - now < threshold
