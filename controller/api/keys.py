"""API keys."""

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException

from controller.core.values.secret import Secret


def with_key(key: Secret | None) -> Callable[[str], None]:
    """Return what raises unless the caller shows ``key``; without one, always."""

    def check(authorization: Annotated[str, Header()] = "") -> None:
        if key is None:
            raise HTTPException(403, "No key is set here: set HOKUSAI_API_KEY.")
        given = authorization.removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, key.reveal().encode()):
            raise HTTPException(
                401, "A valid key is needed.", {"www-authenticate": "Bearer"}
            )

    return check
