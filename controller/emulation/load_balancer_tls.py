"""Certificates for the names of the document, by an authority of this machine's own."""

import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

_PRIVATE = 0o600
_VALID = timedelta(days=397)
_AUTHORITY_VALID = timedelta(days=3650)
_EARLIER = timedelta(days=1)
AUTHORITY = "authority.pem"
_KEY = "authority-key.pem"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in PEM, with its key and whoever issued it."""

    certificate: str
    key: str
    chain: str


class Authority:
    """Issues certificates. Made once in a folder, then kept: clients trust it by file.

    Attributes:
        file: Its own certificate, to be trusted.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / AUTHORITY
        self._key_file = folder / _KEY
        self._now = now
        if not (self.file.exists() and self._key_file.exists()):
            self._make()

    def issue(self, hosts: Iterable[str]) -> Certificate:
        """Return a certificate for ``hosts``, of which there is one at least."""
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        authority = x509.load_pem_x509_certificate(self.file.read_bytes())
        signing = load_pem_private_key(self._key_file.read_bytes(), None)
        names = sorted(hosts)
        key = _new_key()
        alternatives = x509.SubjectAlternativeName([x509.DNSName(n) for n in names])
        made = (
            self._begun(names[0], authority.subject, key, _VALID)
            .add_extension(alternatives, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .sign(signing, _hash())
        )
        return Certificate(_pem(made), _key_pem(key), _pem(authority))

    def _make(self) -> None:
        from cryptography import x509

        key = _new_key()
        name = _named("hokusai local platform")
        made = (
            self._begun("hokusai local platform", name, key, _AUTHORITY_VALID)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
            .sign(key, _hash())
        )
        _write_private(self._key_file, _key_pem(key))
        _write_private(self.file, _pem(made))

    def _begun(self, name: str, issuer: Any, key: Any, valid: timedelta) -> Any:
        from cryptography import x509

        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - _EARLIER)
            .not_valid_after(self._now + valid)
        )


def server_context(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    """Return what a server speaks TLS with; OpenSSL reads its key from a file."""
    file = folder / "listener.pem"
    _write_private(file, certificate.certificate + certificate.chain + certificate.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _named(name: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _hash() -> Any:
    from cryptography.hazmat.primitives.hashes import SHA256

    return SHA256()


def _pem(certificate: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return str(certificate.public_bytes(Encoding.PEM).decode())


def _key_pem(key: Any) -> str:
    from cryptography.hazmat.primitives import serialization

    return str(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
    )


def _write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
