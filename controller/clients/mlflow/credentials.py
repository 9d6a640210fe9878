"""Credentials for MLflow, from the variables that MLflow's own client reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext, create_default_context

from controller.clients.http import basic_header, bearer_header
from controller.core.errors import RefusedError
from controller.core.values.secret import Secret

AUTHORITIES = "MLFLOW_TRACKING_SERVER_CERT_PATH"
CERTIFICATE = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
NAME, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"


@dataclass(frozen=True, slots=True)
class MlflowCredentials:
    """Credentials for one MLflow server; each may be None.

    Attributes:
        token: Bearer token; a name and a password take precedence, as in MLflow.
        name: User name.
        password: Password of the user.
        authorities: Path of a PEM file with the authorities to trust, instead of those
            of the machine.
        certificate: Path of a PEM file with a private key and its certificate.
    """

    token: Secret | None = None
    name: str | None = None
    password: Secret | None = None
    authorities: str | None = None
    certificate: str | None = None

    def headers(self) -> Mapping[bytes, bytes]:
        """Return the Authorization header, if there are credentials for one.

        Raises:
            RefusedError: The name or the password is missing or cannot be sent.
        """
        if self.name is None and self.password is None:
            return bearer_header(self.token.reveal()) if self.token else {}
        if self.name is None or self.password is None:
            missing = NAME if self.name is None else PASSWORD
            msg = f"{missing} is not set: set it, or remove {_other(missing)}"
            raise RefusedError(msg)
        try:
            return basic_header(self.name, self.password.reveal())
        except ValueError as error:
            msg = f"{NAME} or {PASSWORD} {error}"
            raise RefusedError(msg) from None

    def context(self) -> SSLContext:
        """Return the TLS context. The files are read at each call.

        Raises:
            RefusedError: A file cannot be used; the message names its variable.
        """
        try:
            context = create_default_context(cafile=self.authorities)
        except OSError as error:
            raise _unusable(AUTHORITIES, self.authorities, error) from error
        if self.certificate is not None:
            try:
                # Without a function, OpenSSL prompts for the passphrase of a key.
                context.load_cert_chain(self.certificate, password=lambda: "")
            except OSError as error:
                raise _unusable(CERTIFICATE, self.certificate, error) from error
        return context


def _other(variable: str) -> str:
    return PASSWORD if variable == NAME else NAME


def _unusable(variable: str, path: str | None, error: OSError) -> RefusedError:
    """Return the error for a file; SSLError is an OSError."""
    expected = "certificates in PEM format"
    if variable == CERTIFICATE:
        expected = (
            "a private key without a passphrase and its certificate in PEM format"
        )
    cause = error.strerror or type(error).__name__
    return RefusedError(
        f"{variable}: {path} cannot be used: {cause}: name a file with {expected}"
    )
