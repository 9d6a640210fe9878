"""Requests to MLflow, and the translation of their failures."""

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
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TOO_MANY = 429
_SERVER_FAULT = 500
# A gateway that got no response does not know if the request had an effect.
_GATEWAY_ERRORS = frozenset({502, 504})
_MAX_REASON = 300
# Failures of the TLS handshake that only another setting can end, by OpenSSL's words.
# A server reports a missing client certificate after the client's part is done.
_TLS_ADVICE = {
    "CERTIFICATE_VERIFY_FAILED": "name the authority of MLflow's certificate with "
    "MLFLOW_TRACKING_SERVER_CERT_PATH, or correct the host name",
    "CERTIFICATE_REQUIRED": "name a client certificate that MLflow accepts with "
    "MLFLOW_TRACKING_CLIENT_CERT_PATH",
}
_PREFIX = (
    "if MLflow runs with --static-prefix, set platform.mlflow.prefix, or add the prefix "
    "to MLFLOW_TRACKING_URI"
)
_CREDENTIALS = (
    "set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
    "MLFLOW_TRACKING_PASSWORD, to credentials that MLflow accepts"
)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class MlflowRest:
    """Transport of all requests to MLflow.

    Args:
        http: Client for the server's URL; see ``http_client``. Closed by its owner.
        credentials: Headers with the credentials; empty if the server requires none.
    """

    def __init__(
        self, http: httpx.Client, credentials: Mapping[bytes, bytes] | None = None
    ) -> None:
        self._http = http
        self._headers = dict(credentials or {})

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> dict[str, Any]:
        """Return the response to ``method`` on ``path``, below MLflow's API root.

        Raises:
            DriverError: The request failed; an OutcomeUnknownError only if it is a
                write that may have had an effect.
        """
        call = f"mlflow {method} {path}"
        writing = is_write_request(method, path)
        response = self._response(
            call, writing, method=method, url=_ROOT + path, json=body, params=params
        )
        answer = _json(response)
        if answer is None:
            msg = f"the server that answered {call} is not MLflow: it sent no JSON"
            raise PermanentError(msg)
        return answer

    def text(self, path: str, params: Mapping[str, str | int]) -> str:
        """Return the text of a file that the server sends at ``path``, below its root.

        Raises:
            DriverError: The file could not be read.
        """
        call = f"mlflow GET {path}"
        response = self._response(
            call, writing=False, method="GET", url=f"/{path}", params=params
        )
        return response.text

    def _response(self, call: str, writing: bool, **request: Any) -> httpx.Response:
        try:
            response = self._http.request(**request, headers=self._headers)
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
            raise _connection_error(call, error, writing) from error
        if not response.is_success:
            raise _response_error(call, response, writing)
        return response

    def pages(
        self, method: str, path: str, key: str, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield the items under ``key`` of every page."""
        token = ""
        while True:
            page = {**parameters, "page_token": token} if token else parameters
            if method == "GET":
                answer = self.request(method, path, params=page)
            else:
                answer = self.request(method, path, body=page)
            yield from answer.get(key, ())
            following = answer.get("next_page_token", "")
            if not following:
                return
            if following == token:
                msg = f"mlflow {path} returned the same page token twice"
                raise PermanentError(msg)
            token = following


def is_write_request(method: str, path: str) -> bool:
    """Return True if a request may change something; some searches use POST."""
    return method != "GET" and not path.endswith("/search")


def _connection_error(call: str, error: Exception, writing: bool) -> DriverError:
    cause = f"{type(error).__name__}: {redact(str(error), ())}"
    for alert, advice in _TLS_ADVICE.items():
        # The handshake failed: the request was not processed.
        if alert in str(error):
            return PermanentError(f"{call} could not be sent: {cause}; {advice}")
    if isinstance(error, _NOT_SENT):
        return TransientError(f"{call} could not be sent: {cause}")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return PermanentError(f"{call} could not be sent: {cause}")
    if writing:
        return OutcomeUnknownError(f"{call} may or may not have happened: {cause}")
    return TransientError(f"{call} got no response: {cause}")


def _response_error(call: str, response: httpx.Response, writing: bool) -> DriverError:
    """Return the error for a response other than success."""
    status, answer = response.status_code, _json(response) or {}
    code = str(answer.get("error_code", ""))
    cause = _reason(answer.get("message") or response.reason_phrase)
    cause = f"{status} {code}: {cause}" if code else f"{status}: {cause}"
    if writing and status in _GATEWAY_ERRORS:
        return OutcomeUnknownError(f"{call} may or may not have happened: {cause}")
    if status == _TOO_MANY:
        return ThrottledError(f"{call} failed: {cause}")
    if status >= _SERVER_FAULT or _lost_race(status, code, answer):
        return TransientError(f"{call} failed: {cause}")
    if advice := _advice(response, code):
        return PermanentError(f"{call} was refused: {cause}; {advice}")
    return _error_class(code)(f"{call} was refused: {cause}")


def _advice(response: httpx.Response, code: str) -> str:
    """Return the setting that ends a refusal of all requests; empty for others."""
    status = response.status_code
    if status == _FORBIDDEN and "Invalid Host header" in response.text:
        return _host_advice(response)
    if status == _UNAUTHORIZED:
        return _CREDENTIALS
    return _PREFIX if status == _NOT_FOUND and not code else ""


def _error_class(code: str) -> type[PermanentError]:
    """Return the class of error for MLflow's error code.

    A 404 without a code comes from another server at that address, or from an MLflow
    with another prefix; it does not mean that the object is absent.
    """
    match code:
        case "RESOURCE_ALREADY_EXISTS":
            return ConflictError
        case "RESOURCE_DOES_NOT_EXIST":
            return NotFoundError
        case _:
            return PermanentError


def _lost_race(status: int, code: str, answer: Mapping[str, Any]) -> bool:
    """Return True if PostgreSQL refused one of two equal concurrent writes."""
    text = str(answer.get("message", ""))
    return (
        status == _BAD_REQUEST and code == "BAD_REQUEST" and "UniqueViolation" in text
    )


def _host_advice(response: httpx.Response) -> str:
    host = response.request.headers.get("host", "").rpartition(":")[0]
    host = host or response.request.headers.get("host", "")
    return (
        f"the server does not accept the host name {host}: add {host},{host}:* to"
        " MLFLOW_SERVER_ALLOWED_HOSTS where MLflow runs"
    )


def _reason(message: str) -> str:
    """Return the first line of ``message``; the others contain SQL and host names."""
    first = message.strip().partition("\n")[0]
    return redact(first[:_MAX_REASON], ())


def _json(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object in the body, or None if the body is anything else."""
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
