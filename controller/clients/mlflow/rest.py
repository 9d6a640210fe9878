"""One request to MLflow, and what its failures mean."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from controller.core.errors import (
    ConflictError,
    DriverError,
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    ThrottledError,
    TransientError,
)
from controller.core.values.redact import redact

_ROOT = "/api/2.0/mlflow/"
_BAD_REQUEST = 400
_FORBIDDEN = 403
_TOO_MANY = 429
_SERVER_FAULT = 500
# A gateway that gave up on an answer cannot know what became of the request.
_GATEWAY_GAVE_UP = frozenset({502, 504})
_LONGEST_REASON = 300
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class MlflowRest:
    """The one place through which requests to MLflow pass.

    Args:
        http: For the server's URL; see ``http_client``. Closed by its owner.
        token: Bearer token, if the server asks for one.
    """

    def __init__(self, http: httpx.Client, token: str | None = None) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> dict[str, Any]:
        """Return the answer to ``method`` on ``path``, below MLflow's API root.

        Raises DriverError; an OutcomeUnknownError only for what may have been
        written.
        """
        call = f"mlflow {method} {path}"
        writing = is_writing(method, path)
        try:
            response = self._http.request(
                method, _ROOT + path, json=body, params=params, headers=self._headers
            )
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
            raise _unanswered(call, error, writing) from error
        if not response.is_success:
            raise _refused(call, response, writing)
        answer = _json(response)
        if answer is None:
            msg = f"{call} was answered by something that is not MLflow: no JSON"
            raise PermanentError(msg)
        return answer

    def pages(
        self, method: str, path: str, key: str, **asked: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield the items under ``key`` of every page."""
        token = ""
        while True:
            page = {**asked, "page_token": token} if token else asked
            if method == "GET":
                answer = self.request(method, path, params=page)
            else:
                answer = self.request(method, path, body=page)
            yield from answer.get(key, ())
            following = answer.get("next_page_token", "")
            if not following:
                return
            if following == token:
                msg = f"mlflow {path} repeats itself: the same page token twice"
                raise PermanentError(msg)
            token = following


def is_writing(method: str, path: str) -> bool:
    """Whether a request may change something: searches are asked by POST, too."""
    return method != "GET" and not path.endswith("/search")


def _unanswered(call: str, error: Exception, writing: bool) -> DriverError:
    why = f"{type(error).__name__}: {redact(str(error), ())}"
    if isinstance(error, _NOT_SENT):
        return TransientError(f"{call} could not be sent: {why}")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return PermanentError(f"{call} could not be sent: {why}")
    if writing:
        return OutcomeUnknownError(f"{call} may or may not have happened: {why}")
    return TransientError(f"{call} got no answer: {why}")


def _refused(call: str, response: httpx.Response, writing: bool) -> DriverError:
    """Return what an answer other than success means."""
    status, answer = response.status_code, _json(response) or {}
    code = str(answer.get("error_code", ""))
    why = _reason(answer.get("message") or response.reason_phrase)
    why = f"{status} {code}: {why}" if code else f"{status}: {why}"
    if writing and status in _GATEWAY_GAVE_UP:
        return OutcomeUnknownError(f"{call} may or may not have happened: {why}")
    if status == _TOO_MANY:
        return ThrottledError(f"{call} failed: {why}")
    if status >= _SERVER_FAULT or _lost_a_race(status, code, answer):
        return TransientError(f"{call} failed: {why}")
    if status == _FORBIDDEN and "Invalid Host header" in response.text:
        return PermanentError(f"{call} was refused: {_host_hint(response)}")
    return _by_code(code)(f"{call} was refused: {why}")


def _by_code(code: str) -> type[PermanentError]:
    """Return what a code means.

    A 404 without one comes from whatever else answers at that address: nothing
    may be concluded from it.
    """
    match code:
        case "RESOURCE_ALREADY_EXISTS":
            return ConflictError
        case "RESOURCE_DOES_NOT_EXIST":
            return NotFoundError
        case _:
            return PermanentError


def _lost_a_race(status: int, code: str, answer: Mapping[str, Any]) -> bool:
    """Whether PostgreSQL refused one of two equal writes at once."""
    words = str(answer.get("message", ""))
    return (
        status == _BAD_REQUEST and code == "BAD_REQUEST" and "UniqueViolation" in words
    )


def _host_hint(response: httpx.Response) -> str:
    host = response.request.headers.get("host", "").rpartition(":")[0]
    host = host or response.request.headers.get("host", "")
    return (
        f"the server does not accept the host name {host}: add {host},{host}:* to"
        " MLFLOW_SERVER_ALLOWED_HOSTS where MLflow runs"
    )


def _reason(message: str) -> str:
    """Return the first line of ``message``: the others tell of SQL and hosts."""
    first = message.strip().partition("\n")[0]
    return redact(first[:_LONGEST_REASON], ())


def _json(response: httpx.Response) -> dict[str, Any] | None:
    """Return the object in the body; None for HTML, text and other kinds of JSON."""
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
