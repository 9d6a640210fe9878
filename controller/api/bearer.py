"""Bearer tokens that callers send in the Authorization header (RFC 6750)."""

import hmac


def is_bearer_of(authorization: bytes, token: str) -> bool:
    """Return True if a header sends ``token``; takes equally long for any other.

    The scheme is case-insensitive (RFC 9110, section 11.1).

    Args:
        authorization: Bytes of the header, empty if there is none.
        token: Expected token, compared in UTF-8.
    """
    scheme, _, given = authorization.strip().partition(b" ")
    is_equal = hmac.compare_digest(given.strip(), token.strip().encode())
    return scheme.lower() == b"bearer" and is_equal
