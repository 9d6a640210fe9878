"""Signed tokens of another service (JWT, RFC 7519, and the profile of RFC 9068)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import isfinite
from typing import Any, TypeGuard

# Difference between the clocks of the issuer and of this server.
LEEWAY = timedelta(seconds=30)
# Values of the header `typ`, in lower case; a token without one is accepted.
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
# Algorithms of signatures with a public key, and the key type and curve of each.
# A symmetric algorithm would let everybody who reads the public keys sign.
ALGORITHMS: Mapping[str, tuple[str, str]] = {
    "ES256": ("EC", "P-256"),
    "RS256": ("RSA", ""),
    "Ed25519": ("OKP", "Ed25519"),
    # Name of Ed25519 before RFC 9864.
    "EdDSA": ("OKP", "Ed25519"),
}
_LONGEST_SUBJECT = 256


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Tokens that are accepted.

    Attributes:
        issuer: Claim `iss`.
        audience: Claim `aud`, or one of its values.
        jwks: URL of the public keys of the issuer (RFC 7517).
        scopes: Scopes of this program, by each scope of the issuer.
        scope_claim: Claim with scopes of the issuer: a list, or text with spaces.
        groups_claim: Claim with groups: a list, or text with spaces.
        longest: Largest difference of the claims `exp` and `iat`.
    """

    issuer: str
    audience: str
    jwks: str
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scope_claim: str = "scope"
    groups_claim: str = "groups"
    longest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """Contents of a verified token.

    Attributes:
        subject: Claim `sub`.
        scopes: Scopes of the issuer.
        groups: Groups.
        expires: Claim `exp`, in seconds since 1970.
    """

    subject: str
    scopes: tuple[str, ...]
    groups: tuple[str, ...]
    expires: float


def header_problem(header: Mapping[str, Any]) -> str:
    """Return the reason why a header is refused, before any key is looked up.

    `jku`, `jwk`, `x5u` and `x5c` are ignored: a token does not choose its key.
    """
    kid, type_ = header.get("kid"), header.get("typ", "JWT")
    if header.get("alg") not in list(ALGORITHMS):
        return f"its algorithm is none of {', '.join(ALGORITHMS)}"
    if "crit" in header:
        return "it has critical extensions (crit)"
    if not isinstance(kid, str) or not kid:
        return "it names no key (kid)"
    if not isinstance(type_, str) or type_.lower() not in TYPES:
        return "its type (typ) is neither JWT nor at+jwt"
    return ""


def claims_problem(claims: Mapping[str, Any], policy: TokenPolicy, now: float) -> str:
    """Return the reason why the claims of a token with a right signature are refused.

    Args:
        claims: Claims.
        policy: Tokens that are accepted.
        now: Seconds since 1970.
    """
    audience, subject = claims.get("aud"), claims.get("sub")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != policy.issuer:
        return "it has another issuer (iss)"
    if policy.audience not in audiences:
        return "it has another audience (aud)"
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        return "it has no subject (sub)"
    if not subject.isprintable():
        return "its subject (sub) has control characters"
    return _time_problem(claims, policy, now)


def _time_problem(claims: Mapping[str, Any], policy: TokenPolicy, now: float) -> str:
    expires, issued = claims.get("exp"), claims.get("iat")
    begins = claims.get("nbf", issued)
    leeway = LEEWAY.total_seconds()
    if not _is_time(expires) or not _is_time(issued) or not _is_time(begins):
        return "exp, iat or nbf is missing or no number"
    if expires <= now - leeway:
        return "it is expired (exp)"
    if max(issued, begins) > now + leeway:
        return "it is not valid yet (iat, nbf)"
    if expires - issued > policy.longest.total_seconds():
        return f"it is valid for more than {policy.longest}"
    return ""


def token_claims(claims: Mapping[str, Any], policy: TokenPolicy) -> TokenClaims:
    """Return the contents of claims without a problem."""
    return TokenClaims(
        claims["sub"],
        tuple(_words(claims.get(policy.scope_claim))),
        tuple(_words(claims.get(policy.groups_claim))),
        claims["exp"],
    )


def _words(value: Any) -> Iterator[str]:
    """Yield the words of a list or of a text; other values have none."""
    found = value.split() if isinstance(value, str) else value
    for word in found if isinstance(found, list) else ():
        if isinstance(word, str):
            yield word


def _is_time(value: Any) -> TypeGuard[float]:
    """Return True for a NumericDate; JSON in Python also reads NaN and Infinity."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # An integer may be too large for a float.
    return is_number and (isinstance(value, int) or isfinite(value))
