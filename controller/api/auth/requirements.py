"""Scopes that routes require, checked before the route and listed in OpenAPI."""

from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from fastapi import Depends, HTTPException, Request

from controller.api.auth.answer_headers import add_headers
from controller.api.auth.authentication import Authentication, NotAuthenticatedError
from controller.api.auth.request_limits import RequestLimits
from controller.core.access.caller import Caller
from controller.core.access.client_address import IpNetwork, client_address
from controller.core.access.credentials import CredentialError, credential
from controller.core.access.quota import QUOTA_EXCEEDED, QuotaState
from controller.core.access.rate import RequestClass
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


class QuotaExceededError(HTTPException):
    """The caller, or the address, has sent too many requests of a class.

    Attributes:
        members: Members of the problem details besides status and detail.
    """

    def __init__(self, quota: QuotaState, detail: str) -> None:
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, detail, quota.headers())
        self.members: Mapping[str, Any] = {
            "type": QUOTA_EXCEEDED,
            "title": "Quota exceeded",
            "violated-policies": [str(quota.request_class)],
        }


class CallerCheck:
    """Check of the callers of all routes, and of their number of requests.

    Args:
        authentication: Sources of callers.
        limits: Limits of requests; None for none.
        proxies: Networks of the proxies that name the address of a client.
    """

    def __init__(
        self,
        authentication: Authentication,
        limits: RequestLimits | None = None,
        proxies: Sequence[IpNetwork] = (),
    ) -> None:
        self._authentication = authentication
        self._limits = limits
        self._proxies = tuple(proxies)

    def requires(
        self, *scopes: str, request_class: RequestClass = RequestClass.CONTROL
    ) -> dict[str, Any]:
        """Return the options of a route for callers that have every scope.

        Usage: ``@routes.get("/status", **access.requires("status:read"))``.

        Args:
            scopes: Scopes that a caller needs.
            request_class: Class of the requests; each has limits of its own.

        Raises:
            ValueError: One of them is no scope.
        """
        required = tuple(scope(text) for text in scopes)

        async def check(request: Request) -> Caller:
            caller = await self.caller(request, request_class=request_class)
            permit(caller, required)
            return caller

        return {
            "dependencies": [Depends(check)],
            "openapi_extra": {
                SCOPES_FIELD: list(scopes),
                "security": [{name: []} for name in SECURITY_SCHEMES],
            },
        }

    def requires_unless(
        self,
        *,
        is_public: bool,
        scope: str,
        request_class: RequestClass = RequestClass.CONTROL,
    ) -> dict[str, Any]:
        """Return the options of a route that a document may declare public.

        A caller of a public route may still send a key, for what else it permits.
        Requests without a key are limited by address.
        """
        if not is_public:
            return self.requires(scope, request_class=request_class)

        async def check(request: Request) -> None:
            try:
                given = credential(request.headers.raw)
            except CredentialError as error:
                raise _unauthorized(str(error), "invalid_request") from None
            if given is not None and self._authentication.has_sources:
                await self.caller(request, request_class=request_class)
            elif self._limits is not None:
                address = self._address(request)
                self._respect(request, self._limits.anonymous(address, request_class))

        return {"dependencies": [Depends(check)]}

    async def caller(
        self, request: Request, *, request_class: RequestClass | None = None
    ) -> Caller:
        """Return the caller of a request, and keep it in ``request.state.caller``.

        Repeatable: a request counts once for each class.

        Args:
            request: Request; its answer gets the headers of limits and of a replaced
                key.
            request_class: Class for which the request counts; None for none.

        Raises:
            HTTPException: 401 without a valid credential, 403 if this server accepts
                none at all, 429 if the caller, or its address with refused
                credentials, has sent too many requests, 503 while a source of keys is
                unavailable.
        """
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None:
            caller = await self._authenticated(request)
            request.state.caller = caller
            add_headers(request, sunset_headers(caller))
        counted: set[RequestClass] = request.scope.setdefault("state", {}).setdefault(
            "counted_classes", set()
        )
        if (
            self._limits is not None
            and request_class is not None
            and request_class not in counted
        ):
            counted.add(request_class)
            self._respect(request, self._limits.request(caller, request_class))
        return caller

    async def _authenticated(self, request: Request) -> Caller:
        if not self._authentication.has_sources:
            raise HTTPException(403, "No key is set here: set HOKUSAI_API_KEY.")
        address = self._address(request) if self._limits else ""
        if self._limits is not None:
            # Before any lookup: refused keys must not become load of their source.
            _refuse_guesses(self._limits.failures(address))
        try:
            return await self._authentication.caller(request.headers.raw)
        except CredentialError as error:
            self._count_failure(address)
            raise _unauthorized(str(error), "invalid_request") from None
        except NotAuthenticatedError as error:
            if error.is_missing:
                raise _unauthorized(str(error), "") from None
            self._count_failure(address)
            raise _unauthorized(str(error), "invalid_token") from None
        except TransientError as error:
            raise HTTPException(503, str(error), _RETRY_AFTER) from None

    def _count_failure(self, address: str) -> None:
        """Count a refused credential; of requests sent at once, too many are refused."""
        if self._limits is not None:
            _refuse_guesses(self._limits.failed(address))

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else None
        return client_address(peer, request.headers.raw, self._proxies)

    def _respect(self, request: Request, quota: QuotaState) -> None:
        if quota.is_exceeded:
            msg = (
                f"More than {quota.rate} requests of class {quota.request_class}: "
                "wait for the seconds in Retry-After."
            )
            raise QuotaExceededError(quota, msg)
        add_headers(request, quota.headers())


def _refuse_guesses(quota: QuotaState) -> None:
    if quota.is_exceeded:
        msg = (
            "Too many refused credentials from this address: wait for the seconds in "
            "Retry-After, and check the key."
        )
        raise QuotaExceededError(quota, msg)


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
