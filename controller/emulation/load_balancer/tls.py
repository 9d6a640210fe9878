"""TLS certificates for the host names of a document, from a local authority.

trustme is made for test suites: clients trust its certificates by file; it changes no
trust store of the machine.
"""

import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trustme import CA

_PRIVATE = 0o600
# Clients refuse a certificate that is valid for longer.
_VALID = timedelta(days=397)
# The clock of a client may be behind.
_EARLIER = timedelta(days=1)
AUTHORITY = "authority.pem"
_KEY = "authority.key"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in PEM format, with its key and the certificate of its issuer."""

    certificate: str
    key: str
    chain: str


class Authority:
    """Certificate authority, created once per folder, because clients trust its file.

    Attributes:
        file: Certificate of the authority.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / AUTHORITY
        self._key_file = folder / _KEY
        self._now = now
        if not (self.file.exists() and self._key_file.exists()):
            self._create()

    def issue(self, hosts: Iterable[str]) -> Certificate:
        """Issue a certificate for ``hosts``, at least one."""
        issued = self._authority().issue_cert(
            *sorted(hosts),
            not_before=self._now.astimezone(UTC) - _EARLIER,
            not_after=self._now.astimezone(UTC) + _VALID,
        )
        return Certificate(
            issued.cert_chain_pems[0].bytes().decode(),
            issued.private_key_pem.bytes().decode(),
            self.file.read_text(encoding="utf-8"),
        )

    def _authority(self) -> "CA":
        from trustme import CA

        return CA.from_pem(self.file.read_bytes(), self._key_file.read_bytes())

    def _create(self) -> None:
        from trustme import CA

        created = CA(path_length=0, organization_name="hokusai local platform")
        _write_private(self._key_file, created.private_key_pem.bytes().decode())
        _write_private(self.file, created.cert_pem.bytes().decode())


def server_context(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    """Return the TLS context of a server; OpenSSL reads its key from a file."""
    file = folder / "listener.pem"
    _write_private(file, certificate.certificate + certificate.chain + certificate.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
