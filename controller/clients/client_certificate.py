"""Client certificates for TLS, from memory."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from controller.core.errors import PermanentError
from controller.core.webhooks.target_secrets import ClientCertificate

_ENCRYPTED = "ENCRYPTED"


def load_certificate(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Add ``certificate`` to ``context``.

    Raises:
        PermanentError: It is not a certificate with its key; the message contains
            neither.
    """
    if _ENCRYPTED in certificate.key.reveal():
        msg = "the private key has a passphrase: store it without one"
        raise PermanentError(msg)
    text = f"{certificate.key.reveal()}\n{certificate.chain.reveal()}\n"
    try:
        with _file(text.encode()) as path:
            context.load_cert_chain(path, password=_no_passphrase)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or "not in PEM format"
        msg = (
            f"the client certificate and its key cannot be used ({reason}): store both "
            "in PEM format, the certificate before its intermediate ones"
        )
        raise PermanentError(msg) from None


@lru_cache(maxsize=64)
def check_certificate(certificate: ClientCertificate) -> None:
    """Check that ``certificate`` belongs to its key; raises as `load_certificate`."""
    load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate)


def _no_passphrase() -> str:
    """Return no passphrase; OpenSSL would ask for it on the terminal."""
    return ""


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    """Yield the path of a file for OpenSSL, which reads no bytes; on Linux in memory."""
    in_memory = getattr(os, "memfd_create", None)
    if in_memory is not None:
        descriptor = in_memory("certificate")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{descriptor}"
        return
    with tempfile.NamedTemporaryFile() as named:
        named.write(content)
        named.flush()
        yield named.name
