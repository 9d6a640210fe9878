"""Callers by signed tokens of another service."""

import json
import warnings
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwt import decode

from controller.api.auth.authentication import NotAuthenticatedError
from controller.api.auth.signing_keys import SigningKeys, is_key_of
from controller.core.access.caller import Caller
from controller.core.access.policy import AccessPolicy
from controller.core.access.scopes import grants
from controller.core.access.tokens import (
    TokenClaims,
    TokenPolicy,
    claims_problem,
    header_problem,
    token_claims,
)
from controller.core.clock import Clock
from controller.core.values.secret import Secret
from controller.core.values.ttl_cache import TtlCache

# EdDSA is a former name; `core/access/tokens.py` binds it to Ed25519.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

_PARTS = 3
_MOST = 10_000
_LONGEST_KEPT = timedelta(days=1)


class TokenSource:
    """Source of callers by tokens.

    A verified token is remembered by its hash until it expires; it is accepted as long
    as the issuer has its key.

    Args:
        policy: Tokens that are accepted.
        keys: Public keys of the issuer.
        access: Returns the bindings of subjects and groups.
        clock: Clock.
    """

    def __init__(
        self,
        policy: TokenPolicy,
        keys: SigningKeys,
        access: Callable[[], AccessPolicy],
        clock: Clock,
    ) -> None:
        self._policy = policy
        self._keys = keys
        self._access = access
        self._clock = clock
        self._known: TtlCache[bytes, TokenClaims] = TtlCache(_LONGEST_KEPT, _MOST)

    async def caller(self, credential: Secret) -> Caller | None:
        """Return the caller of a valid token; None for a text of another form.

        Raises:
            NotAuthenticatedError: The token is not valid.
            TransientError: The keys of the issuer are not known and cannot be read.
        """
        text = credential.reveal()
        header = _header(text)
        if header is None:
            return None
        if problem := header_problem(header):
            raise _refused(problem)
        key = await self._keys.key(header["kid"])
        if key is None or not is_key_of(key, header["alg"]):
            problem = "its issuer has no such key (kid)"
            raise _refused(problem)
        hash_ = sha256(text.encode()).digest()
        known = self._known.get(hash_, self._clock.monotonic())
        now = self._clock.now().timestamp()
        if known is not None and now < known.expires:
            return self._identified(known)
        try:
            claims = decode(text, key, algorithms=[header["alg"]]).claims
        except (JoseError, ValueError, RecursionError):
            problem = "its signature is wrong"
            raise _refused(problem) from None
        if problem := claims_problem(claims, self._policy, now):
            raise _refused(problem)
        verified = token_claims(claims, self._policy)
        self._known.put(hash_, verified, self._clock.monotonic())
        return self._identified(verified)

    def _identified(self, claims: TokenClaims) -> Caller:
        mapped = [
            scope
            for text in claims.scopes
            for scope in self._policy.scopes.get(text, ())
        ]
        bound = self._access().scopes_of(claims.subject, claims.groups)
        permitted = grants(dict.fromkeys((*mapped, *bound)))
        return Caller(claims.subject, f"token/{claims.subject}", permitted)


def _refused(problem: str) -> NotAuthenticatedError:
    return NotAuthenticatedError(f"The token is not valid: {problem}.")


def _header(text: str) -> dict[str, Any] | None:
    """Return the header of a compact JWS; None for a text of another form."""
    first, *rest = text.split(".")
    if len(rest) != _PARTS - 1 or not text.isascii():
        return None
    try:
        found = json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
