"""Callers of requests, as the sources of keys and tokens identify them."""

import hmac
from collections.abc import Iterable, Sequence
from typing import Protocol

from controller.core.access.caller import Caller
from controller.core.access.credentials import credential
from controller.core.access.scopes import ADMIN, grants
from controller.core.errors import TransientError
from controller.core.values.secret import Secret

BOOTSTRAP = "HOKUSAI_API_KEY"


class NotAuthenticatedError(Exception):
    """The request has no credential, or one that no source accepts.

    Attributes:
        is_missing: True if the request has no credential.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


class CallerSource(Protocol):
    """Source of callers: stored keys, tokens, or another service."""

    async def caller(self, credential: Secret) -> Caller | None:
        """Return the caller; None if this source does not accept the credential.

        Raises:
            NotAuthenticatedError: The credential is for this source only, and is not
                valid.
            TransientError: The source cannot answer now.
        """
        ...


class BootstrapKey:
    """The key of the settings, with every permission."""

    def __init__(self, key: Secret) -> None:
        self._key = key.reveal().strip().encode()

    async def caller(self, credential: Secret) -> Caller | None:
        """Return the administrator if the credential is the key of the settings."""
        given = credential.reveal().encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self._key):
            return None
        return Caller(BOOTSTRAP, BOOTSTRAP, grants([ADMIN]))


class Authentication:
    """Asks each source in turn.

    A source that cannot answer never makes a valid credential invalid: unless another
    source accepts it, the answer is an outage and not a refusal.

    Args:
        sources: Sources in the order in which they are asked.
    """

    def __init__(self, sources: Sequence[CallerSource]) -> None:
        self._sources = tuple(sources)

    @property
    def has_sources(self) -> bool:
        """True if any credential can be accepted."""
        # A source of declared keys is empty while the document declares none.
        return any(getattr(source, "has_callers", True) for source in self._sources)

    async def caller(self, headers: Iterable[tuple[bytes, bytes]]) -> Caller:
        """Return the caller of a request.

        Args:
            headers: Names in lower case, with their values, as received.

        Raises:
            NotAuthenticatedError: No source accepts the credential.
            CredentialError: The headers hold no readable credential.
            TransientError: A source that might accept the credential cannot answer.
        """
        given = credential(headers)
        if given is None:
            msg = "The request has no key: send Authorization: Bearer KEY."
            raise NotAuthenticatedError(msg, is_missing=True)
        outage: TransientError | None = None
        for source in self._sources:
            try:
                caller = await source.caller(given)
            except TransientError as error:
                outage = error
                continue
            if caller is not None:
                return caller
        if outage is not None:
            raise outage
        msg = "The key is not valid: it is unknown, expired or revoked."
        raise NotAuthenticatedError(msg)
