"""Scopes that routes require, checked before the route and listed in OpenAPI."""

from collections.abc import Sequence
from email.utils import format_datetime
from typing import Any

from fastapi import Depends, HTTPException, Request, Response

from controller.api.auth.authentication import Authentication, NotAuthenticatedError
from controller.core.access.caller import Caller
from controller.core.access.credentials import CredentialError, credential
from controller.core.access.scopes import KeyScope, scope
from controller.core.errors import TransientError

# Field of an operation in OpenAPI that lists the scopes.
SCOPES_FIELD = "x-required-scopes"
SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "API key, or token of another service.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "API key as password, with any user name.",
    },
}
_RETRY_AFTER = {"retry-after": "5"}


class CallerCheck:
    """Check of the callers of all routes.

    Args:
        authentication: Sources of callers.
    """

    def __init__(self, authentication: Authentication) -> None:
        self._authentication = authentication

    def requires(self, *scopes: str) -> dict[str, Any]:
        """Return the options of a route for callers that have every scope.

        Usage: ``@routes.get("/status", **access.requires("status:read"))``.

        Raises:
            ValueError: One of them is no scope.
        """
        required = tuple(scope(text) for text in scopes)

        async def check(request: Request, response: Response) -> Caller:
            caller = await self.caller(request)
            permit(caller, required)
            response.headers.update(sunset_headers(caller))
            return caller

        return {
            "dependencies": [Depends(check)],
            "openapi_extra": {
                SCOPES_FIELD: list(scopes),
                "security": [{name: []} for name in SECURITY_SCHEMES],
            },
        }

    def requires_unless(self, *, is_public: bool, scope: str) -> dict[str, Any]:
        """Return the options of a route that a document may declare public.

        A caller of a public route may still send a key, for what else it permits.
        """
        if not is_public:
            return self.requires(scope)

        async def check(request: Request) -> None:
            try:
                given = credential(request.headers.raw)
            except CredentialError as error:
                raise _unauthorized(str(error), "invalid_request") from None
            if given is not None and self._authentication.has_sources:
                await self.caller(request)

        return {"dependencies": [Depends(check)]}

    async def caller(self, request: Request) -> Caller:
        """Return the caller of a request, and keep it in ``request.state.caller``.

        Raises:
            HTTPException: 401 without a valid credential, 403 if this server accepts
                none at all, 503 while a source of keys is unavailable.
        """
        known: Caller | None = getattr(request.state, "caller", None)
        if known is not None:
            return known
        if not self._authentication.has_sources:
            raise HTTPException(403, "No key is set here: set HOKUSAI_API_KEY.")
        try:
            caller = await self._authentication.caller(request.headers.raw)
        except CredentialError as error:
            raise _unauthorized(str(error), "invalid_request") from None
        except NotAuthenticatedError as error:
            kind = "" if error.is_missing else "invalid_token"
            raise _unauthorized(str(error), kind) from None
        except TransientError as error:
            raise HTTPException(503, str(error), _RETRY_AFTER) from None
        request.state.caller = caller
        return caller


def sunset_headers(caller: Caller) -> dict[str, str]:
    """Return the headers that tell a caller that its key was replaced.

    See RFC 9745 (Deprecation) and RFC 8594 (Sunset).
    """
    if caller.sunset is None:
        return {}
    seconds = int(caller.sunset.timestamp())
    return {
        "deprecation": f"@{seconds}",
        "sunset": format_datetime(caller.sunset, usegmt=True),
    }


def permits(request: Request, text: str) -> bool:
    """Return True if the caller of a checked request has a scope."""
    caller: Caller | None = getattr(request.state, "caller", None)
    return caller is not None and caller.grants.allow(scope(text))


def permit(caller: Caller, required: Sequence[KeyScope]) -> None:
    """Check that a caller has every scope.

    Raises:
        HTTPException: 403 with the scopes that the request requires (RFC 6750,
            section 3.1).
    """
    missing = [str(s) for s in required if not caller.grants.allow(s)]
    if not missing:
        return
    listed = " ".join(map(str, required))
    challenge = f'Bearer error="insufficient_scope", scope="{listed}"'
    raise HTTPException(
        403,
        f"The key has not the scope {', '.join(missing)}.",
        {"www-authenticate": challenge},
    )


def _unauthorized(message: str, error: str) -> HTTPException:
    """Return the refusal; a request without a credential learns only the scheme."""
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return HTTPException(401, message, {"www-authenticate": challenge})
