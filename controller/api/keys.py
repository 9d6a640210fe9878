"""API keys, sent as bearer tokens (RFC 6750)."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException

from controller.api.bearer import is_bearer_of
from controller.core.values.secret import Secret


def with_key(key: Secret | None) -> Callable[[str], None]:
    """Return a check that raises HTTPException unless the caller sends ``key``.

    Without a key, every call is refused.
    """

    def check(authorization: Annotated[str, Header()] = "") -> None:
        if key is None:
            raise HTTPException(403, "No key is set here: set HOKUSAI_API_KEY.")
        # Starlette decodes each byte of a header to one character.
        if not is_bearer_of(authorization.encode("latin-1"), key.reveal()):
            raise HTTPException(
                401, "A valid key is needed.", {"www-authenticate": "Bearer"}
            )

    return check
