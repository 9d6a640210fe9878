"""The proxy: checks a request against the table of routes, and forwards it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from controller.api.auth.requirements import CallerCheck, permit, sunset_headers
from controller.api.proxy.forwarding import ForwardedRequest, ForwardingResponse
from controller.api.proxy.problems import proxy_problem, refusal
from controller.api.proxy.registration_turns import (
    RegistrationLock,
    RegistrationTurns,
    identified,
)
from controller.api.proxy.upstream import (
    MlflowUpstream,
    UnansweredError,
    UnreachableError,
)
from controller.api.request_deadline import ACCEPTS_LONG_BODY
from controller.core.access.caller import Caller
from controller.core.access.scopes import KeyScope, scope
from controller.core.proxy.forwarded_headers import (
    REQUEST_ID,
    framing_problem,
    identity_headers,
    request_headers,
    request_id_of,
)
from controller.core.proxy.repeated_registration import RegistrationRequest
from controller.core.proxy.request_body import (
    LONGEST_BODY,
    BodyRefusedError,
    required_scopes,
)
from controller.core.proxy.request_class import request_class_of
from controller.core.proxy.request_path import (
    PathRefusedError,
    ProxyTarget,
    UnlistedRouteError,
    proxy_target,
)
from controller.core.proxy.route_table import ADMIN, BodyCheck

# Prefixes of this service that users of the platform have in MLFLOW_TRACKING_URI.
PREFIXES = ("/api/mlflow", "/mlflow")
# Hosts whose root is the page of MLflow's user interface.
UI_HOSTS = frozenset({"registry.hokus.ai"})
_SAFE = frozenset({"GET", "HEAD"})
_CREATE = "/api/2.0/mlflow/model-versions/create"
_CLOSE = {"connection": "close"}
_BROWSER_CHALLENGE = {"www-authenticate": 'Basic realm="MLflow", charset="UTF-8"'}


@dataclass(frozen=True, slots=True)
class MlflowProxy:
    """The proxy, as composition hands it over.

    Attributes:
        upstream: MLflow.
        id_prefix: Begin of the ids of requests, different for each process.
        prefixes: Prefixes of this service that MLflow does not have.
        ui_hosts: Hosts whose root is the page of MLflow's user interface.
        lock: Locks of registrations that all replicas share; None for one process.
    """

    upstream: MlflowUpstream
    id_prefix: str
    prefixes: Sequence[str] = PREFIXES
    ui_hosts: frozenset[str] = UI_HOSTS
    lock: RegistrationLock | None = None


class Forwarder:
    """Handler of every proxied route.

    Args:
        proxy: The proxy.
        access: Check of the callers.
        numbers: Numbers of the requests of this process.
    """

    def __init__(
        self, proxy: MlflowProxy, access: CallerCheck, numbers: Iterator[int]
    ) -> None:
        self._proxy = proxy
        self._access = access
        self._numbers = numbers
        self._turns = RegistrationTurns(proxy.upstream, proxy.lock)

    async def response(self, request: Request) -> Response:
        """Return the answer of MLflow, or the reason of a refusal."""
        id_ = request_id_of(request.headers.raw) or self._next_id()
        try:
            answer = await self._checked(request, id_)
        except HTTPException as error:
            answer = refusal(error)
        if not isinstance(answer, ForwardingResponse):
            answer.headers[REQUEST_ID] = id_
        return answer

    async def _checked(self, request: Request, id_: str) -> Response:
        """Return the answer; the caller is identified before anything else is told."""
        if problem := framing_problem(request.headers.raw):
            raise HTTPException(400, problem, {"connection": "close"})
        caller = await self._caller(request)
        target = self._target(request)
        limited = request_class_of(target.route.scopes)
        await self._access.caller(request, request_class=limited)
        required = [scope(text) for text in target.route.scopes]
        if request.headers.get("x-mlflow-workspace"):
            required.append(scope(ADMIN))
        permit(caller, required)
        if target.route.check is None:
            request.scope[ACCEPTS_LONG_BODY] = True
            return self._forwarded(request, target, caller, id_, None)
        body = await _bounded_body(request)
        permit(caller, _scopes_of(target.route.check, body))
        forwarded = self._forwarded(request, target, caller, id_, body)
        known = identified(body) if target.route.template == _CREATE else None
        if known is None:
            return forwarded
        return RegistrationResponse(self._turns, known, forwarded)

    async def _caller(self, request: Request) -> Caller:
        try:
            caller = await self._access.caller(request)
        except HTTPException as error:
            if error.status_code == 401 and request.url.path.endswith("/"):  # noqa: PLR2004
                # A browser asks for a password only then.
                raise HTTPException(401, error.detail, _BROWSER_CHALLENGE) from None
            raise
        if request.method not in _SAFE and _is_from_another_page(request):
            # A browser sends a password by itself, whatever page made the request.
            raise HTTPException(403, "The request comes from a page of another site.")
        return caller

    def _target(self, request: Request) -> ProxyTarget:
        raw: bytes = request.scope["raw_path"]
        query: bytes = request.scope["query_string"]
        try:
            target = proxy_target(request.method, raw, query, self._proxy.prefixes)
        except PathRefusedError as error:
            raise HTTPException(400, str(error)) from None
        except UnlistedRouteError:
            msg = "The proxy does not forward this method and path."
            raise HTTPException(404, msg) from None
        host = request.headers.get("host", "").partition(":")[0].lower()
        if raw == b"/" and host not in self._proxy.ui_hosts:
            raise HTTPException(404, "The user interface has another host name.")
        return target

    def _forwarded(
        self,
        request: Request,
        target: ProxyTarget,
        caller: Caller,
        id_: str,
        body: bytes | None,
    ) -> ForwardingResponse:
        received = request.headers.raw
        named = identity_headers(
            received,
            peer=request.client.host if request.client else "",
            scheme=request.url.scheme,
            key_id=caller.credential,
            request_id=id_,
        )
        length = request.headers.get("content-length")
        framing = [("Content-Length", length)] if length and body is None else []
        query = b"?" + target.query if target.query else b""
        return ForwardingResponse(
            self._proxy.upstream,
            ForwardedRequest(
                request.method,
                target.raw + query,
                [*request_headers(received), *named.items(), *framing],
                body,
                {REQUEST_ID: id_, **sunset_headers(caller)},
            ),
        )

    def _next_id(self) -> str:
        return f"{self._proxy.id_prefix}-{next(self._numbers)}"


class RegistrationResponse(Response):
    """Answer for a creation with a registration tag: one version for equal requests.

    Args:
        turns: RegistrationTurns in progress.
        known: The registration.
        creation: Answer that creates the version.
    """

    def __init__(
        self,
        turns: RegistrationTurns,
        known: RegistrationRequest,
        creation: ForwardingResponse,
    ) -> None:
        super().__init__()
        self._turns = turns
        self._known = known
        self._creation = creation

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer with the version that exists, or create it.

        A caller that closes its connection does not end a creation: the next equal
        request must find its result.
        """
        answering = asyncio.ensure_future(self._answer(scope, send))
        await asyncio.shield(answering)

    async def _answer(self, scope: Scope, send: Send) -> None:
        async with self._turns.turn(self._known):
            answer: Response
            try:
                existing = await self._turns.existing(self._known)
                answer = existing or self._creation
            except UnreachableError as error:
                answer = proxy_problem(503, str(error))
            except UnansweredError as error:
                answer = proxy_problem(502, str(error))
            await answer(scope, _never, send)


async def _never() -> dict[str, str]:
    """Wait for a message that does not arrive."""
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


def _scopes_of(check: BodyCheck, body: bytes) -> tuple[KeyScope, ...]:
    try:
        return required_scopes(check, body)
    except BodyRefusedError as error:
        raise HTTPException(400, str(error)) from None


async def _bounded_body(request: Request) -> bytes:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(400, "The body is compressed, which MLflow does not read.")
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_BODY:
                msg = f"The body has more than {LONGEST_BODY} bytes."
                raise HTTPException(413, msg, _CLOSE)
    except ClientDisconnect:
        raise HTTPException(400, "The body is incomplete.", _CLOSE) from None
    return bytes(body)


def _is_from_another_page(request: Request) -> bool:
    """Return True if a browser sent a password for a page of another site."""
    authorization = request.headers.get("authorization", "").lower()
    origin = request.headers.get("origin", "")
    is_foreign = urlsplit(origin).netloc != request.headers.get("host", "")
    return bool(origin) and is_foreign and authorization.startswith("basic")
